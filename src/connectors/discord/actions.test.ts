import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AppError } from '#core/errors.ts';
import type { PlatformAction } from '#core/platform.ts';
import { play, type Play } from '#test/support/discord-play.ts';
import { checkDiscord } from './check.ts';
import { inviteLink, invitePermissions } from './invite.ts';

const person = ({ sim }: Play, name: string): string => sim.people.find((one) => one.name === name)?.id ?? '';
const last = ({ sim }: Play): { method: string; path: string; body: unknown } | undefined => sim.calls.at(-1);
const roomId = ({ sim }: Play): string => sim.rooms.find(({ name }) => name === 'square')?.id ?? '';

/** As the server’s own list has it. */
async function banned({ sim: { env, guildId } }: Play): Promise<unknown[]> {
  const headers = { authorization: `Bot ${env.DISCORD_TOKEN}` };
  const answer = await fetch(`${env.DISCORD_API_URL}/v10/guilds/${guildId}/bans`, { headers });
  const list = (await answer.json()) as { user: { username: string }; reason: string | null }[];
  return list.map(({ user, reason }) => [user.username, reason]);
}

const refusal = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof AppError && error.code === code && words.test(error.message);

describe('what features may do on Discord', () => {
  test('delete a message, and one that is gone is deleted', async (t) => {
    const given = await play(t);
    const { sim, connector } = given;
    const message = await sim.say('mia', 'square', 'oops');
    const room = sim.rooms.find(({ name }) => name === 'square')?.id ?? '';
    const target = { space: sim.guildId, room, message };
    await connector.actions.deleteMessage(target);
    assert.deepEqual(sim.seen('square'), []);
    await connector.actions.deleteMessage(target);
  });

  test('give a role and take it away, by its name or its id', async (t) => {
    const given = await play(t);
    const { sim, connector } = given;
    const target = { space: sim.guildId, person: person(given, 'mia') };
    await connector.actions.grantRole(target, 'verified');
    assert.deepEqual([last(given)?.method, /roles\/(\d+)$/.test(last(given)?.path ?? '')], ['PUT', true]);
    const [, id = ''] = /roles\/(\d+)$/.exec(last(given)?.path ?? '') ?? [];
    await connector.actions.removeRole(target, id);
    assert.equal(last(given)?.method, 'DELETE');
    await assert.rejects(connector.actions.grantRole(target, 'No such'), refusal('unknown-role', /no role “No such”/));
  });

  test('a role above the bot’s is refused with what to do', async (t) => {
    const given = await play(t);
    const target = { space: given.sim.guildId, person: person(given, 'mia') };
    await assert.rejects(
      given.connector.actions.grantRole(target, 'Admin'),
      refusal('cannot-grant-role', /lacks “Manage Roles”.*An admin can/),
    );
  });

  test('give a nickname and take it away, but not the owner’s', async (t) => {
    const given = await play(t);
    const { sim, connector } = given;
    const target = (name: string) => ({ space: sim.guildId, person: person(given, name) });
    await connector.actions.setNickname(target('mia'), 'Mimi');
    assert.deepEqual(last(given)?.body, { nick: 'Mimi' });
    await connector.actions.setNickname(target('mia'), '');
    assert.deepEqual(last(given)?.body, { nick: null });
    await assert.rejects(
      connector.actions.setNickname(target('olga'), 'x'),
      refusal('cannot-set-nickname', /owner .* cannot be renamed/),
    );
    await assert.rejects(
      connector.actions.setNickname(target('mia'), 'x'.repeat(33)),
      refusal('nickname-too-long', /32/),
    );
  });

  test('silence somebody for a while, 28 days at most, and end it', async (t) => {
    const given = await play(t);
    const { sim, connector } = given;
    const target = { space: sim.guildId, person: person(given, 'mia') };
    await connector.actions.timeOut(target, 60, 'spam');
    const { communication_disabled_until: until = '' } = Object(last(given)?.body) as Record<string, string>;
    assert.ok(Math.abs(Date.parse(until) - Date.now() - 60_000) < 5_000);
    await connector.actions.timeOut(target, 0, '');
    assert.deepEqual(last(given)?.body, { communication_disabled_until: null });
    await assert.rejects(connector.actions.timeOut(target, 29 * 86_400, ''), refusal('time-out-too-long', /28 days/));
  });

  test('take somebody out, keep them out, and let them in again, with the reason for the audit log', async (t) => {
    const given = await play(t);
    const { sim, connector } = given;
    const target = { space: sim.guildId, person: person(given, 'mia') };
    await connector.actions.kick(target, 'third warning');
    await connector.actions.kick(target, 'third warning');
    sim.join('mia');
    await connector.actions.ban(target, 'spam “ж” \ud83d');
    assert.deepEqual(last(given)?.body, { delete_message_seconds: 0 });
    await connector.actions.ban(target, 'spam “ж” \ud83d');
    assert.throws(() => sim.join('mia'), /mia/);
    assert.deepEqual(await banned(given), [['mia', 'spam “ж” \ufffd']]);
    await connector.actions.unban(target, '');
    await connector.actions.unban(target, '');
    sim.join('mia');
    assert.deepEqual([await banned(given), sim.violations], [[], []]);
  });

  test('who stands above the bot, or a server that took the right away, is told with the right by name', async (t) => {
    const given = await play(t);
    const { sim, connector } = given;
    const { kick, ban, slowMode } = connector.actions;
    const target = (name: string) => ({ space: sim.guildId, person: person(given, name) });
    await assert.rejects(ban(target('adam'), ''), refusal('cannot-ban', /lacks “Ban Members” there, or its role/));
    sim.takePermission(undefined, 'KICK_MEMBERS');
    await assert.rejects(kick(target('mia'), ''), refusal('cannot-kick', /“Kick Members”/));
    await assert.rejects(ban({ ...target('mia'), person: '100000000000000001' }, ''), refusal('cannot-ban', /no such/));
    const room = roomId(given);
    sim.takePermission('square', 'MANAGE_CHANNELS');
    await assert.rejects(slowMode({ ...target('mia'), room }, 5), refusal('cannot-slow-mode', /“Manage Channels”/));
  });

  test('slow a room down, six hours at most, and end it', async (t) => {
    const given = await play(t);
    const { slowMode } = given.connector.actions;
    const target = { space: given.sim.guildId, room: roomId(given) };
    await slowMode(target, 30);
    assert.deepEqual([last(given)?.method, last(given)?.body], ['PATCH', { rate_limit_per_user: 30 }]);
    await slowMode(target, 0);
    assert.deepEqual(last(given)?.body, { rate_limit_per_user: 0 });
    await assert.rejects(slowMode(target, 21_601), refusal('slow-mode-too-long', /six hours/));
  });

  test('and be told when to come again where Discord was asked too often', async (t) => {
    const given = await play(t);
    given.sim.faults.answer(429, 1, { match: '/bans/', retryAfter: 30 });
    const target = { space: given.sim.guildId, person: person(given, 'mia') };
    const later = (error: unknown) =>
      error instanceof AppError && error.status === 503 && (error.retryAfter ?? 0) >= 30;
    await assert.rejects(given.connector.actions.ban(target, 'spam'), later);
  });

  test('nothing with a target that is no id', async (t) => {
    const given = await play(t);
    const calls = given.sim.calls.length;
    const target = { space: '../../users', person: '1/2' };
    await assert.rejects(given.connector.actions.timeOut(target, 1, ''), refusal('bad-target', /needs/));
    assert.equal(given.sim.calls.length, calls);
  });

  test('and be told to come again where Discord does not work', async (t) => {
    const given = await play(t);
    given.sim.faults.answer(500, 1, { match: '/members/' });
    const target = { space: given.sim.guildId, person: person(given, 'mia') };
    await assert.rejects(given.connector.actions.timeOut(target, 1, ''), refusal('platform-unreachable', /Try again/));
  });
});

describe('the invite link', () => {
  const all: PlatformAction[] = ['deleteMessage', 'grantRole', 'removeRole', 'setNickname', 'timeOut'];

  test('asks for what is needed and nothing more', () => {
    assert.equal(invitePermissions([]), 0x400n | 0x800n | 0x8000n | 0x10000n | (1n << 38n));
    assert.equal(invitePermissions(all), invitePermissions([]) | 0x2000n | (1n << 27n) | (1n << 28n) | (1n << 40n));
    assert.ok((invitePermissions(all) & 8n) === 0n);
  });

  test('names the application and its scopes', () => {
    const url = new URL(inviteLink('123', []));
    assert.equal(url.origin + url.pathname, 'https://discord.com/oauth2/authorize');
    assert.deepEqual(
      [url.searchParams.get('client_id'), url.searchParams.get('scope')],
      ['123', 'bot applications.commands'],
    );
  });
});

describe('the doctor’s question to Discord', () => {
  test('tells whose the token is', async (t) => {
    const { sim } = await play(t);
    const { DISCORD_TOKEN: token = '', DISCORD_API_URL: apiUrl = '' } = sim.env;
    const found = await checkDiscord({ token, apiUrl });
    assert.ok(found.ok && found.name === 'Guildhall' && found.appId === sim.botId);
    const bad = await checkDiscord({ token: `${token}x`, apiUrl });
    assert.match(bad.ok ? '' : bad.why, /DISCORD_TOKEN/);
    sim.faults.answer(500, 1);
    const broken = await checkDiscord({ token, apiUrl });
    assert.match(broken.ok ? '' : broken.why, /500/);
  });

  test('never tells the token, and says where nothing answers', async () => {
    const secret = 'abc\ndef';
    for (const token of [secret, 'fine', '']) {
      const found = await checkDiscord({ token, apiUrl: 'http://127.0.0.1:9/api' });
      assert.ok(!found.ok && found.why !== '' && !found.why.includes('def'));
    }
  });
});
