import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Deployment, startDeployment } from '#test/support/deployment.ts';
import { call } from '#test/support/person.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import { WHO, type World } from './permissions-callers.ts';
import { ROUTES } from './permissions-table.ts';
import { GENEROUS, makeWorld } from './permissions-world.ts';

/** What is sent and changes nothing that anybody would look up later, or is one's own affair. */
const NOT_WRITTEN_DOWN: Record<string, string> = {
  'POST /v1/rooms/{id}/messages': 'what people say stands in the room',
  'PATCH /v1/messages/{id}': 'one’s own words, marked as changed in the room',
  'POST /v1/rooms/{id}/read': 'how far one has read',
  'POST /v1/sessions': 'signing in: the sessions stand in the profile',
  'POST /v1/sessions/second-step': 'signing in: the sessions stand in the profile',
  'POST /v1/me/second-factor': 'a key that counts from its first code on, which is written down',
  'POST /v1/hooks/{id}/{secret}': 'what programs say stands in the room',
  'POST /v1/password-resets': 'sends a letter, where there is somebody: an entry would say so',
  'PUT /v1/me/email': 'sends a letter; the address counts from its link on, which is written down',
  'POST /v1/device/code': 'a program asks; who grants it is written down',
  'POST /v1/device/token': 'a program asks whether it was granted',
  'POST /v1/device/request': 'a look at what a program asks for',
  'POST /v1/me/identities/codes': 'a code for oneself; what is linked by it is written down',
  'POST /v1/communities/{id}/verification/imports': 'looks a list through; taking it is written down',
  'DELETE /v1/communities/{id}/verification/imports/{import}': 'forgets a list that was only looked through',
  'POST /v1/commands/mute': 'tried in vain; the spine writes down every command (src/bot/answer-message.test.ts)',
  'POST /v1/commands/unmute': 'tried in vain; the spine writes down every command (src/bot/answer-message.test.ts)',
  'POST /v1/commands/kick': 'tried in vain; the spine writes down every command (src/bot/answer-message.test.ts)',
  'POST /v1/commands/ban': 'tried in vain; the spine writes down every command (src/bot/answer-message.test.ts)',
  'POST /v1/commands/unban': 'tried in vain; the spine writes down every command (src/bot/answer-message.test.ts)',
  'POST /v1/commands/report': 'tried in vain; the spine writes down every command (src/bot/answer-message.test.ts)',
  'POST /v1/commands/connect': 'tried in vain; the spine writes down every command (src/bot/answer-message.test.ts)',
};

/** Acts that the table of permissions tries in vain, or where nothing is left to change; each with what its entry is called. */
const TRIED_IN_VAIN: Record<string, string> = {
  'DELETE /v1/me': 'account.erase',
  'POST /v1/communities/{id}/sanctions': 'moderation.ban',
  'DELETE /v1/communities/{id}/sanctions/{sanction}': 'moderation.unban',
  'PUT /v1/communities/{id}/lockdown': 'moderation.lock-down',
  'POST /v1/communities/{id}/verification/test-mail': 'verification.test-mail',
  'POST /v1/communities/{id}/verification/people': 'verification.confirm',
  'DELETE /v1/communities/{id}/verification/people/{verification}': 'verification.unlink',
  'DELETE /v1/communities/{id}/verification/bars/{subject}': 'verification.lift-bar',
  'PATCH /v1/communities/{id}/people/{user_id}': 'list.change',
  'DELETE /v1/communities/{id}/people/{user_id}': 'list.remove',
  'POST /v1/communities/{id}/verification/imports/{import}/confirm': 'list.import',
  'POST /v1/communities/{id}/verification/sources/{name}/sync': 'list.choose-source',
  'DELETE /v1/communities/{id}/verification/sources/{name}': 'list.leave-source',
  'DELETE /v1/communities/{id}/verification/reach-out': 'list.stop-reach-out',
  'DELETE /v1/communities/{id}/word-rules/{rule}': 'moderation.word-remove',
  'POST /v1/communities/{id}/reports/{report}/settle': 'moderation.settle',
  'POST /v1/communities/{id}/held/{held}/approve': 'moderation.approve',
  'POST /v1/communities/{id}/held/{held}/refuse': 'moderation.refuse',
  'POST /v1/me/second-factor/confirm': 'second-factor.on',
  'POST /v1/me/second-factor/recovery-codes': 'second-factor.codes',
  'DELETE /v1/me/second-factor': 'second-factor.off',
  'PUT /v1/me/password': 'password.change',
  'POST /v1/password-resets/{token}': 'password.reset',
  'POST /v1/email-verifications/{token}': 'email.verify',
  'DELETE /v1/sessions/{id}': 'session.end',
  'DELETE /v1/me/tokens/{id}': 'token.end',
  'POST /v1/device/grant': 'device.grant',
  'POST /v1/device/refuse': 'device.refuse',
  'POST /v1/me/identities': 'identity.link',
  'DELETE /v1/me/identities/{platform}/{platformId}': 'identity.unlink',
  'PATCH /v1/communities/{id}/members/{account}': 'member.role',
  'POST /v1/communities/{id}/failed-jobs/{job}/retry': 'job.retry',
  'DELETE /v1/communities/{id}/failed-jobs/{job}': 'job.drop',
  'POST /v1/communities/{id}/apps': 'app.add',
  'POST /v1/communities/{id}/slack-workspaces': 'app.add',
  'DELETE /v1/communities/{id}/apps/{app}': 'app.remove',
  'POST /v1/communities/{id}/spaces': 'space.connect',
  'DELETE /v1/communities/{id}/spaces/{space}': 'space.disconnect',
  'PATCH /v1/communities/{id}/spaces/{space}': 'space.symbol',
  'POST /v1/invites/{code}/accept': 'invite.accept',
  'POST /v1/operator/accounts/{id}/disable': 'account.disable',
  'POST /v1/operator/accounts/{id}/enable': 'account.enable',
  'POST /v1/operator/dead/{id}/retry': 'job.retry',
  'DELETE /v1/operator/dead/{id}': 'job.drop',
};

const WRITES = Object.entries(ROUTES).filter(([route]) => !route.startsWith('GET '));

/** Every route that writes: done with success, it is in the audit. */
describe('what is done is written down', { concurrency: 1 }, () => {
  let hall: Deployment;
  let stock: StockSource;
  let world: World;

  before(async () => {
    stock = await startStock();
    hall = await startDeployment('in one process', { STOCK_URL: stock.url, ...GENEROUS });
    world = await makeWorld(hall);
  });
  after(async () => {
    await hall?.remove();
    await stock?.stop();
  });

  const entries = async (): Promise<number> =>
    (await hall.rows<{ n: number }>('select count(*) as n from audit')).map(({ n }) => Number(n))[0] ?? 0;

  const whoIsWhat = async (): Promise<unknown[]> => [
    await hall.rows('select * from accounts order by id'),
    await hall.rows('select * from members order by community_id, account_id'),
    await hall.rows('select id, name from communities order by id'),
    await hall.rows('select * from identities order by platform, platform_id'),
    await hall.rows('select id, lifted_at from sanctions order by id'),
  ];

  test('an exception is a route that there is, and what is tried in vain has its entry in the program', () => {
    const named = [...Object.keys(NOT_WRITTEN_DOWN), ...Object.keys(TRIED_IN_VAIN)];
    assert.deepEqual(
      named.filter((route) => !(route in ROUTES)),
      [],
    );
    const program = sourcesBelow('src').join('\n');
    for (const action of Object.values(TRIED_IN_VAIN)) assert.ok(program.includes(`'${action}'`), action);
  });

  for (const [route, tries] of WRITES.filter(([one]) => one in NOT_WRITTEN_DOWN))
    test(`${route} is not, and changes nobody’s account, membership, role or community`, async () => {
      const before = await whoIsWhat();
      for (const one of tries)
        for (const who of WHO.filter((caller) => one.expect[caller] < 300)) {
          const token = who === 'anonymous' ? undefined : world.people[who].token;
          const asked = await one.call(world, who);
          await call(hall, { method: route.split(' ')[0] ?? '', ...asked, ...(token && { token }) });
        }
      assert.deepEqual(await whoIsWhat(), before);
    });

  for (const [route, tries] of WRITES.filter(([one]) => !(one in NOT_WRITTEN_DOWN) && !(one in TRIED_IN_VAIN)))
    test(route, async () => {
      const tried: string[] = [];
      for (const one of tries) {
        // Who can do it, the mightiest first.
        for (const who of WHO.toReversed().filter((caller) => one.expect[caller] < 300)) {
          const token = who === 'anonymous' ? undefined : world.people[who].token;
          const asked = await one.call(world, who);
          const before = await entries();
          const told = await call(hall, { method: route.split(' ')[0] ?? '', ...asked, ...(token && { token }) });
          if (told.status < 300 && (await entries()) > before) return;
          tried.push(`${one.about}, by ${who}: ${told.status}, and no entry`);
        }
      }
      assert.fail(`${tried.join('; ')}. Record it, give the table a try that succeeds, or say here why not`);
    });
});

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
}
