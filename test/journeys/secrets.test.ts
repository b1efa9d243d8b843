import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { type Answer, type Fields, member, owner as makeOwner, type Person } from '#test/support/person.ts';
import { play } from '#test/support/play.ts';
import { giveRole } from '#test/support/roles.ts';
import { vaultPid } from '#test/support/vault-of.ts';
import { eventually } from '#test/support/wait.ts';

const CANARY = 'CANARY-4b1f-key-of-ann';

/** A play of keys that are entrusted, looked after and taken back, and of a vault that goes away for a while. */
for (const shape of SHAPES)
  describe(`secrets that are entrusted, ${shape}`, { concurrency: 1 }, () => {
    let hall: Deployment;
    let olga: Person;
    let adam: Person;
    let ann: Person;
    let ofCommunity: string;
    let frozen: number | undefined;
    const scene = play();
    const MINE = '/v1/me/secrets';
    const listed = async (who: Person, path = MINE): Promise<Fields[]> =>
      (await who.done<{ secrets: Fields[] }>('GET', path)).secrets;
    const stateOf = async (who: Person): Promise<unknown> =>
      (await who.get<{ vault: Fields }>(MINE)).body.vault['state'];

    before(async () => {
      hall = await startDeployment(shape, {}, { vault: 1, bot: 1, worker: 0 });
      olga = await makeOwner(hall);
      [adam, ann] = [await member(olga, 'adam'), await member(olga, 'ann')];
      await giveRole(adam, 'admin');
      const { communities } = await olga.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
      ofCommunity = `/v1/communities/${communities[0]?.id}/secrets`;
    });
    after(async () => {
      wake(frozen);
      await hall?.remove();
    });

    scene('Ann entrusts her key; what is told of it is when, and never what', async () => {
      await ann.done('PUT', `${MINE}/torn`, { value: CANARY });
      const answer = await ann.get(MINE);
      assert.doesNotMatch(answer.text, /CANARY/);
      const [facts] = await listed(ann);
      assert.deepEqual([facts?.['purpose'], facts?.['lastUsedAt'], facts?.['lastUsedBy']], ['torn', null, null]);
      assert.equal(await stateOf(ann), 'ready');
    });

    scene('nothing of it stands in the database, and every hall can have it checked', async () => {
      const rows = await hall.rows<Fields>('select * from secrets');
      assert.equal(rows.length, 1);
      assertHidden(JSON.stringify(rows), CANARY);
      assertHidden(JSON.stringify(await hall.rows('select * from audit')), CANARY);
      for (let n = 0; n < 4; n++) await ann.done('POST', `${MINE}/torn/check`);
      assert.equal((await listed(ann))[0]?.['lastUsedBy'], 'check');
    });

    scene('another value takes its place, and was used by nothing yet', async () => {
      await ann.done('PUT', `${MINE}/torn`, { value: `${CANARY}-2` });
      const all = await listed(ann);
      assert.deepEqual([all.length, all[0]?.['lastUsedAt']], [1, null]);
      await ann.done('POST', `${MINE}/torn/check`);
    });

    scene('an admin keeps one for the community, which other admins see and members do not', async () => {
      await adam.done('PUT', `${ofCommunity}/torn`, { value: 'of all' });
      assert.deepEqual(
        (await listed(olga, ofCommunity)).map(({ purpose }) => purpose),
        ['torn'],
      );
      await olga.done('POST', `${ofCommunity}/torn/check`);
      for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
        const path = { GET: '', PUT: '/torn', POST: '/torn/check', DELETE: '/torn' }[method] ?? '';
        const tried = await ann.call(method, ofCommunity + path, method === 'PUT' ? { value: 'x' } : undefined);
        assert.equal(tried.status, 403, `${method} ${tried.text}`);
        assert.match(String(tried.body['rule']), /^secret\.(list|change): admin and up/);
      }
      assert.deepEqual((await ann.call('POST', `${MINE}/feed/check`)).status, 404, 'nobody’s own is the community’s');
    });

    scene('a row that somebody moved to another person in the database is not opened there', async () => {
      await adam.done('PUT', `${MINE}/mail`, { value: 'of adam' });
      await hall.rows('update secrets set owner = ? where owner = ? and purpose = ?', [ann.id, adam.id, 'mail']);
      const tried = await ann.call('POST', `${MINE}/mail/check`);
      assert.deepEqual([tried.status, tried.body['code']], [409, 'cannot-open']);
      await ann.done('DELETE', `${MINE}/mail`);
    });

    scene('while the vault hangs, who needs it is told so within 15 s, and lists and forgetting go on', async () => {
      frozen = await vaultPid(hall);
      process.kill(frozen, 'SIGSTOP');
      const began = performance.now();
      const answers = await Promise.all(Array.from({ length: 4 }, () => ann.call('POST', `${MINE}/torn/check`)));
      assert.ok(performance.now() - began < 20_000, 'nobody waits longer');
      for (const answer of answers) assertAway(answer);
      assert.equal(await stateOf(ann), 'away');
      assert.deepEqual(
        (await listed(ann)).map(({ purpose }) => purpose),
        ['torn'],
      );
      await adam.done('DELETE', `${ofCommunity}/torn`);
      assert.deepEqual(await listed(olga, ofCommunity), []);
    });

    scene('it is back, and what was kept opens as before', async () => {
      wake(frozen);
      frozen = undefined;
      const opened = async (): Promise<true | undefined> =>
        (await ann.call('POST', `${MINE}/torn/check`)).status === 204 || undefined;
      await eventually('the vault to be back', opened);
      assert.equal(await stateOf(ann), 'ready');
    });

    scene('the vault is killed: it is started again by itself, and so it opens after a power cut', async () => {
      const opened = async (): Promise<true | undefined> =>
        (await ann.call('POST', `${MINE}/torn/check`)).status === 204 || undefined;
      process.kill(await vaultPid(hall), 'SIGKILL');
      await eventually('the vault to be back', opened);
      await hall.kill();
      await hall.startAgain();
      await eventually('the vault to be back', opened);
    });

    scene('Ann takes it back, and it is gone', async () => {
      await ann.done('DELETE', `${MINE}/torn`);
      assert.deepEqual(await listed(ann), []);
      assert.equal((await ann.call('POST', `${MINE}/torn/check`)).status, 404);
      assert.deepEqual(await hall.rows('select * from secrets'), []);
    });

    scene('who did what is written down, and no process said a word of a value', async () => {
      const rows = await hall.rows<{
        action: string;
        subject: string;
        account_id: string;
        community_id: string | null;
      }>("select action, subject, account_id, community_id from audit where action like 'secret.%'");
      const by = (who: Person, action: string): number =>
        rows.filter((row) => row.account_id === who.id && row.action === action).length;
      assert.deepEqual([by(ann, 'secret.set'), by(ann, 'secret.forget')], [2, 2]);
      assert.ok(by(ann, 'secret.check') >= 7);
      assert.ok(rows.filter((row) => row.community_id !== null).every((row) => row.account_id !== ann.id));
      assertHidden(hall.output, CANARY);
      assertHidden(JSON.stringify(await hall.rows('select * from outbox')), CANARY);
    });
  });

function assertAway({ status, headers, body, text }: Answer): void {
  assert.deepEqual([status, body['code']], [503, 'vault-away'], text);
  assert.ok(Number(headers.get('retry-after')) >= 1, 'says when to try again');
  assert.ok(String(body['detail']).length > 20, text);
}

/** In no form that somebody would recognize. */
function assertHidden(text: string, value: string): void {
  const bytes = Buffer.from(value);
  const forms = [value, bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')];
  for (const form of [...forms, value.split('').toReversed().join('')])
    assert.ok(!text.toLowerCase().includes(form.toLowerCase()), 'a value was found');
}

/** One that was ended and replaced meanwhile needs no waking. */
function wake(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGCONT');
  } catch {
    return;
  }
}
