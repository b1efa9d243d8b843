import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseArguments } from '#core/arguments.ts';
import { AppError } from '#core/errors.ts';
import type { IncomingMessage, Reply, Style } from '#core/message.ts';
import { linkCommands, type Linking } from './link-command.ts';
import { mayRun } from './may-run.ts';

const MIA = { account: 'discord:41', name: 'Mia', username: 'mia', role: 'member' as const };
const LINKED = { ...MIA, account: 'acct_ann', identity: 'discord:41' };

describe('/link and /unlink', () => {
  test('on a platform with a code link who typed it, and say whose they are now and how to undo it', async () => {
    const { ask, did } = bot();
    assert.match(await ask('link 9C4NH KV7PX', MIA), /You are ann of the hall now.*type \/unlink/);
    assert.deepEqual(did, ['discord:41 (mia) typed 9C4NH KV7PX']);
  });

  test('on a platform without a code show one to the asker alone, where there is such a way', async () => {
    const { ask, did } = bot();
    assert.match(await ask('link', MIA), /Your code is THERE-CODE\. .*https:\/\/hall\.example\/me/);
    const open: Style = { sign: '!', brief: true, open: true };
    assert.match(await ask('link', MIA, open), /would be read by all.*type !link and the code here/);
    assert.deepEqual(did, ['a code for discord:41']);
  });

  test('here give a code for elsewhere, and take one from there', async () => {
    const { ask } = bot();
    const ann = { account: 'acct_ann', name: 'Ann', username: 'ann', role: 'guest' as const };
    assert.match(await ask('link', ann), /Your code is HERE-CODE/);
    assert.equal(await ask('link THERE-CODE', ann), 'Linked. On Discord you are this account from now on.');
    assert.match(await ask('unlink', ann), /unlinked there/);
  });

  test('undo a link from the platform, where there is one', async () => {
    const { ask, did } = bot();
    assert.match(await ask('unlink', MIA), /linked to no account/);
    assert.match(await ask('unlink', LINKED), /On Discord you are nobody’s account/);
    assert.deepEqual(did, ['discord:41 left acct_ann']);
  });

  test('are for everybody but a disabled account, which is refused everything', () => {
    const [link] = linkCommands(() => bot().linking);
    assert.ok(link);
    const use = { command: link, setting: undefined };
    assert.equal(mayRun({ ...use, who: { ...MIA, role: 'guest' } }), undefined);
    const refusal = mayRun({ ...use, who: { ...LINKED, disabled: true } });
    assert.ok(refusal instanceof AppError);
    assert.deepEqual([refusal.code, refusal.status], ['account-disabled', 403]);
  });
});

test('a command for named people knows somebody by the account and by the name on the platform', () => {
  const [link] = linkCommands(() => bot().linking);
  assert.ok(link);
  const named = (person: string) => ({ command: link, setting: { on: true, allow: [person] } });
  for (const person of ['acct_ann', 'discord:41'])
    assert.equal(mayRun({ ...named(person), who: LINKED }), undefined, person);
  assert.equal(mayRun({ ...named('discord:42'), who: LINKED })?.code, 'not-allowed');
});

function bot() {
  const did: string[] = [];
  const linking: Linking = {
    page: 'https://hall.example/me',
    codeForAccount: async () => 'HERE-CODE',
    async codeForPerson({ platform, platformId }) {
      did.push(`a code for ${platform}:${platformId}`);
      return 'THERE-CODE';
    },
    typedHere: async () => ({ platform: 'discord' }),
    async typedThere({ platform, platformId, login }, code) {
      did.push(`${platform}:${platformId} (${login}) typed ${code}`);
      return { username: 'ann' };
    },
    async leave({ platform, platformId }, account) {
      did.push(`${platform}:${platformId} left ${account}`);
    },
  };
  const commands = new Map(linkCommands(() => linking).map((one) => [one.name, one]));
  async function ask(line: string, who: IncomingMessage['who'], style?: Style): Promise<string> {
    const [, name = '', rest = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    const command = commands.get(name);
    const parsed = parseArguments(command?.args ?? {}, rest);
    assert.ok(command && parsed.ok);
    const from = {
      platform: 'x',
      room: 'r',
      account: who.account.startsWith('acct_') ? (who.identity ?? who.account) : who.account,
    };
    const message = {
      id: 'job_1',
      from,
      community: 'comm_1',
      who,
      ask: { text: `/${line}` },
      at: 1,
      ...(style && { style }),
    };
    const reply = (await command.run({ message, args: parsed.args as never, settings: {} as never })) as Reply;
    assert.equal(reply.private, true);
    return reply.text;
  }
  return { ask, did, linking };
}
