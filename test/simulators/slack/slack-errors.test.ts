import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { webApi } from '@slack/bolt';
import { eventually } from '#test/support/wait.ts';
import { clientOptions, joined, type Program } from './test-program.ts';

type Call = (client: webApi.WebClient) => Promise<unknown>;

/** The name that Slack gives the error, as the vendor's client tells it. */
async function errorOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (caught: { data?: { error?: string } }) => caught,
  );
  return error?.data?.error ?? String(error);
}

describe('the simulated Slack refuses', () => {
  let program: Program;
  let client: webApi.WebClient;
  before(async () => {
    program = await joined({ options: { rooms: ['without', 'old'], postLimit: { burst: 100, perSecond: 100 } } });
    client = program.app.client;
    program.slack.removeBot('without');
    program.slack.archive('old');
    program.slack.leave('max', 'square');
  });
  after(() => program.stop());

  const refusals: [error: string, what: string, call: Call][] = [
    [
      'channel_not_found',
      'a message to a room that is not there',
      (c) => c.chat.postMessage({ channel: 'C0', text: 'x' }),
    ],
    [
      'not_in_channel',
      'a message where the bot is not',
      (c) => c.chat.postMessage({ channel: 'C0WITHOUT', text: 'x' }),
    ],
    ['not_in_channel', 'the history of such a room', (c) => c.conversations.history({ channel: 'C0WITHOUT' })],
    ['is_archived', 'a message to an archived room', (c) => c.chat.postMessage({ channel: 'C0OLD', text: 'x' })],
    ['no_text', 'a message without words', (c) => c.chat.postMessage({ channel: 'C0SQUARE', text: '' })],
    [
      'msg_too_long',
      'a message of 40,001 characters',
      (c) => c.chat.postMessage({ channel: 'C0SQUARE', text: 'x'.repeat(40_001) }),
    ],
    [
      'user_not_in_channel',
      'a whisper to somebody who left',
      (c) => c.chat.postEphemeral({ channel: 'C0SQUARE', user: 'U0MAX', text: 'x' }),
    ],
    ['user_not_found', 'a look at nobody', (c) => c.users.info({ user: 'U0NOBODY' })],
    ['user_not_found', 'direct messages with nobody', (c) => c.conversations.open({ users: 'U0NOBODY' })],
    [
      'message_not_found',
      'a change of no message',
      (c) => c.chat.update({ channel: 'C0SQUARE', ts: '1.000001', text: 'x' }),
    ],
    [
      'thread_not_found',
      'a thread that is not there',
      (c) => c.conversations.replies({ channel: 'C0SQUARE', ts: '1.000001' }),
    ],
    ['file_not_found', 'a file that was never sent', (c) => c.files.completeUploadExternal({ files: [{ id: 'F0' }] })],
    ['not_allowed_token_type', 'a link for the bot token', (c) => c.apiCall('apps.connections.open')],
    ['invalid_auth', 'a token that it never gave', (c) => c.apiCall('auth.test', { token: 'xoxb-other' })],
  ];
  for (const [error, what, call] of refusals) {
    test(`${what}: ${error}`, async () => {
      assert.equal(await errorOf(call(client)), error);
      assert.deepEqual(program.slack.violations, []);
    });
  }

  const mistakes: [error: string, what: string, call: Call][] = [
    ['unknown_method', 'a method that nobody knows', (c) => c.apiCall('views.dance')],
    ['invalid_arguments', 'a message to nowhere', (c) => c.apiCall('chat.postMessage', { text: 'x' })],
    [
      'invalid_blocks',
      'a block of no known type',
      (c) => c.apiCall('chat.postMessage', { channel: 'C0SQUARE', blocks: [{ type: 'song' }] }),
    ],
    [
      'invalid_blocks_format',
      'blocks that are no JSON',
      (c) => c.apiCall('chat.postMessage', { channel: 'C0SQUARE', blocks: '[' }),
    ],
    [
      'invalid_metadata_schema',
      'metadata without a type',
      (c) => c.apiCall('chat.postMessage', { channel: 'C0SQUARE', text: 'x', metadata: {} }),
    ],
  ];
  for (const [error, what, call] of mistakes) {
    test(`${what}, and writes it down: ${error}`, async () => {
      const already = program.slack.violations.length;
      assert.equal(await errorOf(call(client)), error);
      assert.equal(program.slack.violations.length, already + 1);
    });
  }

  test('an argument that the method does not have is written down, but no error', async () => {
    await client.apiCall('chat.postMessage', { channel: 'C0SQUARE', text: 'x', thread_id: '1' });
    assert.equal(program.slack.violations.at(-1), 'chat.postMessage has no argument thread_id.');
  });

  test('an address that is not there is 404, and written down', async () => {
    assert.equal((await fetch(`${program.slack.page}nowhere`)).status, 404);
    assert.equal(program.slack.violations.at(-1), 'Called an unknown address: GET /nowhere.');
  });

  test('a file that comes with another size than was said is written down', async () => {
    const { upload_url: url = '' } = await client.files.getUploadURLExternal({ filename: 'a.txt', length: 5 });
    assert.equal((await fetch(url, { method: 'POST', body: 'abc' })).status, 200);
    assert.equal(program.slack.violations.at(-1), 'a.txt was announced with 5 bytes, 3 came.');
  });

  test('a call without a token is not_authed', async () => {
    const response = await fetch(`${program.slack.env.SLACK_API_URL}auth.test`, { method: 'POST' });
    assert.deepEqual(await response.json(), { ok: false, error: 'not_authed' });
  });

  test('what a scope allows ends with the scope, and the answer names it', async () => {
    const scopes = ['chat:write', 'channels:history'];
    program.slack.setScopes(scopes);
    const failed = await client.users.info({ user: 'U0MIA' }).catch((error: webApi.WebAPIPlatformError) => error.data);
    const { error, needed, provided } = failed as unknown as Record<string, string>;
    assert.deepEqual(
      { error, needed, provided },
      { error: 'missing_scope', needed: 'users:read', provided: scopes.join(',') },
    );
    const { ok, response_metadata: metadata } = await client.auth.test();
    assert.deepEqual([ok, metadata?.scopes], [true, scopes]);
  });

  test('a revoked token is refused until it is restored, and the program is told of it', async () => {
    let told = 0;
    program.app.event('tokens_revoked', async () => void (told += 1));
    program.slack.revokeToken();
    assert.equal(await errorOf(client.auth.test()), 'token_revoked');
    await eventually('tokens_revoked', () => told || undefined);
    program.slack.restoreToken();
    assert.equal((await client.auth.test()).ok, true);
  });

  test('after the app was removed its token is inactive', async () => {
    let told = 0;
    program.app.event('app_uninstalled', async () => void (told += 1));
    program.slack.uninstall();
    await eventually('app_uninstalled', () => told || undefined);
    assert.equal(await errorOf(client.auth.test()), 'account_inactive');
    assert.throws(() => program.slack.again('Ev0'), /no event about Ev0/);
  });

  test('with any token of the right form taken, another token works', async () => {
    const open = await joined({ options: { anyToken: true } });
    const other = new webApi.WebClient('xoxb-somebody-else', clientOptions(open.slack));
    const good = await errorOf(other.auth.test());
    const bad = await errorOf(other.auth.test({ token: 'password' }));
    await open.stop();
    assert.deepEqual([good, bad], ['undefined', 'invalid_auth']);
  });
});
