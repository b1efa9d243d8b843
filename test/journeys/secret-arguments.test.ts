import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pino from 'pino';
import { noVault } from '#clients/vault.ts';
import type { SecretUses } from '#core/secret.ts';
import { secretUses } from '#secrets/secrets.ts';
import { readConfig } from '#src/config.ts';
import { startHall, type RunningHall } from '#src/roles.ts';
import { roomOf, somebody, type Somebody } from '#test/contracts/fixtures.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { formsBelow, formsIn } from '#test/support/canary.ts';
import { CANARY, KEY, keepKey } from '#test/support/keep-key.ts';
import { Live } from '#test/support/live.ts';
import { call, type Answer } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

describe('a key that is given to a command', { concurrency: 1 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-secret-'));
  const log: string[] = [];
  /** Everything that people were sent over HTTP and live. */
  const heard: string[] = [];
  let uses: SecretUses;
  let hall: RunningHall;
  let url: string;
  let discord: Discord;
  let ann: Somebody;
  let room: string;
  let live: Live;

  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await call({ url }, { method, path, token: ann.token, body });
    heard.push(answer.text);
    return answer;
  };
  const kept = async (): Promise<void> => {
    assert.equal((await ask('POST', '/v1/me/secrets/torn/check')).status, 204, 'the vault opens it for her');
    assert.equal((await ask('DELETE', '/v1/me/secrets/torn')).status, 204);
  };
  const inbox = (): Promise<{ id: string; digest: string }[]> =>
    hall.storage.db.selectFrom('inbox').select(['id', 'digest']).orderBy('at').execute();

  before(async () => {
    discord = await startDiscord();
    const feature = { name: 'keys', commands: [keepKey((name, sealed) => uses.keep(name, sealed))], jobs: [] };
    const config = readConfig({ ...discord.env, PORT: '0', GUILDHALL_DATA: folder, COMMAND_LIMIT: '1000/60' }, folder);
    const logger = pino({ level: 'trace' }, { write: (line) => void log.push(line) });
    hall = await startHall(config, { database: join(folder, 'hall.db'), logger, features: [feature] });
    uses = secretUses({
      storage: hall.storage,
      clock: Date.now,
      vault: noVault('is not needed to keep what is sealed.'),
    });
    url = await hall.listen();
    ann = await somebody(hall.storage, 'ann', 'owner');
    room = (await roomOf(hall.storage, ann)).id;
    live = await Live.open(url, ann.token);
    live.socket.on('message', (data) => heard.push(String(data)));
    await live.subscribe(room);
  });
  after(async () => {
    live?.close();
    await hall?.stop(200);
    await discord?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('in the web chat is sealed, kept, and opens for who gave it', async () => {
    const accepted = await live.post(room, `/keep-key mine ${KEY}`, 'key-1');
    assert.equal(accepted.type, 'accepted', JSON.stringify(accepted));
    await live.frame('message', ({ message }) => message.text === 'Kept mine.');
    await kept();
  });

  test('is not shown to the room by editing a message into the command', async () => {
    const { body } = await ask('POST', `/v1/rooms/${room}/messages`, { text: 'hello' });
    for (const text of [`/keep-key mine ${KEY}`, `/ keep-key mine ${KEY}`]) {
      const edited = await ask('PATCH', `/v1/messages/${String(body['id'])}`, { text });
      assert.deepEqual([edited.status, edited.body['code']], [400, 'secret-in-words']);
    }
    assert.equal((await ask('PATCH', `/v1/messages/${String(body['id'])}`, { text: 'bye' })).status, 200);
  });

  test('sent again under the same clientId is the same command, though it is sealed anew', async () => {
    const [again, before] = [await live.post(room, `/keep-key mine ${KEY}`, 'key-2'), await inbox()];
    const repeat = await ask('POST', `/v1/rooms/${room}/messages`, {
      text: `/keep-key mine ${KEY}`,
      clientId: 'key-2',
    });
    assert.deepEqual([repeat.status, repeat.body], [202, { command: again.command }]);
    assert.deepEqual(await inbox(), before);
    const other = await ask('POST', `/v1/rooms/${room}/messages`, {
      text: `/keep-key other ${KEY}`,
      clientId: 'key-2',
    });
    assert.equal(other.status, 409);
    await eventually('it to be kept', async () =>
      (await ask('GET', '/v1/me/secrets')).text.includes('torn') ? true : undefined,
    );
    await kept();
  });

  test('leaves a digest that is the same for every key: none can be guessed from it', async () => {
    for (const [key, clientId] of [
      [KEY, 'key-3'],
      ['another', 'key-4'],
    ])
      await live.post(room, `/keep-key mine ${key}`, clientId);
    const [third, fourth] = (await inbox()).filter(({ id }) => /key-[34]$/.test(id));
    assert.equal(third?.digest, fourth?.digest);
  });

  test('over HTTP is sealed, kept, and opens for who gave it', async () => {
    const { status, body } = await ask('POST', '/v1/commands/keep-key', { args: { name: 'mine', key: KEY } });
    assert.deepEqual([status, body], [200, { reply: { text: 'Kept mine.', private: false } }]);
    await kept();
  });

  test('on Discord is sealed, kept, and the answer seen by the asker alone', async () => {
    await eventually('the command', () => discord.commands().guild.find(({ name }) => name === 'keep-key'));
    await discord.say('mia', 'square', `/keep-key name:mine key:${KEY}`);
    await eventually('the answer', () => discord.seen('square', 'mia').find(({ text }) => text === 'Kept mine.'));
    assert.deepEqual(discord.seen('square', 'max'), []);
  });

  const slips = [
    `/keep-key ${KEY}`,
    `/keep-key ${KEY} mine`,
    `/keep-key mine ${KEY} x`,
    `/keep-key:${KEY}`,
    `/kepkey ${KEY}`,
  ];
  test('with a slip in the line is told what is wrong, and nothing of it is said back', async () => {
    for (const [index, line] of slips.entries()) await live.post(room, line, `slip-${index}`);
    for (const words of [
      'What was given for name',
      'more than this command takes',
      'A blank goes',
      'no command /kepkey',
    ])
      await live.frame('private', ({ reply }) => reply.text.includes(words));
    for (const args of [{ name: 'mine', kei: KEY }, { name: KEY, key: 'x' }, { key: KEY }]) {
      const { status, body } = await ask('POST', '/v1/commands/keep-key', { args });
      assert.deepEqual([status, body['code']], [400, 'bad-argument']);
    }
  });

  test('is told as a secret to programs and to the palette', async () => {
    const { body } = await ask('GET', '/openapi.json');
    assert.match(JSON.stringify(body), /"format":"password","writeOnly":true|"writeOnly":true,"format":"password"/);
    const { text } = await ask('GET', '/v1/commands');
    assert.match(text, /"name":"key","about":"the key","kind":"secret","required":true/);
    assert.match((await ask('POST', '/v1/commands/help', { args: { command: 'keep-key' } })).text, /keep-key name key/);
  });

  test('was in nothing that anybody was told, in no log and in no file', async () => {
    const rows = await hall.storage.db.selectFrom('answers').selectAll().execute();
    await hall.stop(2_000);
    assert.ok(heard.length > 10 && log.length > 0 && rows.length > 8, `${heard.length} ${log.length} ${rows.length}`);
    // What went over the bus stood in the outbox, whose rows are still in the file when they are deleted.
    assert.deepEqual(formsIn(CANARY, JSON.stringify(rows)), []);
    assert.deepEqual(formsIn(CANARY, heard.join('\n')), []);
    assert.deepEqual(formsIn(CANARY, log.join('\n')), []);
    assert.deepEqual(await formsBelow(CANARY, folder), []);
  });
});
