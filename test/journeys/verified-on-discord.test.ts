import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { entryKey } from '#core/verification.ts';
import { firstCommunity } from '#storage/communities.ts';
import { putEntry } from '#storage/list-people.ts';
import { findSpace } from '#storage/spaces.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { startMail, type Arrived, type MailServer } from '#test/simulators/mail/index.ts';
import { startTwitch, type Twitch } from '#test/simulators/twitch/index.ts';
import { call, type Answer } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

/** A story: a course with a server on Discord and a channel on Twitch. Max, Zoe and Tom are on its list. */
describe('only verified people speak on Discord and Twitch', { concurrency: 1 }, () => {
  let mail: MailServer;
  let discord: Discord;
  let twitch: Twitch;
  let hall: OpenHall;
  let olga: Somebody;
  let course = '';
  let server = '';
  let role = '';

  before(async () => {
    [mail, discord, twitch] = await Promise.all([startMail(), startDiscord({ people: ['zoe', 'tom'] }), startTwitch()]);
    const ours = { SMTP_URL: mail.url, MAIL_FROM: 'hall@example.org', PUBLIC_URL: 'https://hall.example.org' };
    hall = await openHall({ ...ours, ...discord.env, ...twitch.env });
    olga = await somebody(hall.storage, 'olga', 'owner');
    course = (await firstCommunity(hall.storage.db)).id;
    for (const name of ['max', 'zoe', 'tom']) {
      const entry = { userId: `s-${name}`, email: `${name}@example.org`, name: `Student ${name}`, until: null };
      const kept = { ...entry, key: entryKey(entry.userId), source: 'file' as const };
      await hall.storage.write((tx) => putEntry(tx.db, course, { entry: kept, at: 1 }));
    }
    await twitch.connected();
    twitch.makeBotMod('square', true);
    await eventually('/verify', () => discord.commands().guild.some(({ name }) => name === 'verify') || undefined);
    server = (await findSpace(hall.storage.db, 'discord', discord.guildId))?.id ?? '';
    role = ((await ask('roles')) as Record<'id' | 'name', string>[]).find(({ name }) => name === 'Verified')?.id ?? '';
  });
  after(async () => {
    await hall?.close();
    await Promise.all([mail?.stop(), discord?.stop(), twitch?.stop()]);
  });

  const gate = (change: object): Promise<Answer> =>
    call(hall, { method: 'PATCH', path: `/v1/communities/${course}/verification`, body: change, token: olga.token });
  const ask = async (path: string): Promise<unknown> => {
    const { DISCORD_API_URL, DISCORD_TOKEN } = discord.env;
    const headers = { authorization: `Bot ${DISCORD_TOKEN}` };
    return (await fetch(`${DISCORD_API_URL}/v10/guilds/${discord.guildId}/${path}`, { headers })).json();
  };
  const member = async (name: string): Promise<[nick: string | null, roles: string[]]> => {
    const id = discord.people.find((one) => one.name === name)?.id;
    const { nick, roles } = (await ask(`members/${id}`)) as { nick: string | null; roles: string[] };
    return [nick, roles];
  };
  const says = (name: string, words: string): Promise<string> => discord.say(name, 'square', words);
  const lines = (): string[] => discord.seen('square').flatMap(({ author, text }) => (author.bot ? [] : [text]));
  const hears = (name: string, words: RegExp): Promise<string> =>
    eventually(`${name} to hear ${String(words)}`, () =>
      [...discord.seen('square', name), ...discord.seen(`dm:${name}`)]
        .map(({ text }) => text)
        .findLast((text) => words.test(text)),
    );
  const nextMail = (): Promise<Arrived> => eventually('a mail', () => mail.mails.shift());
  const press = async ({ text }: Arrived): Promise<string> => {
    const [, path] = /https:\/\/hall\.example\.org(\/verify\/[\w-]+)\n/.exec(text) ?? [];
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return (await fetch(`${hall.url}${path}`, { method: 'POST', headers })).text();
  };

  test('what strangers write is taken away once the gate is shut, and they are told what to do', async () => {
    await says('max', 'before the gate');
    const room = discord.rooms.find(({ name }) => name === 'square')?.id;
    const change = { on: true, nickname: '{name}', roles: { [server]: role }, welcome: { [server]: room } };
    assert.equal((await gate(change)).status, 200);
    await eventually('the gate to be shut', async () => {
      await says('max', 'can you read me?');
      return hears('max', /Only verified people write in The Square/);
    });
    await eventually('the lines to go', () => !lines().includes('can you read me?') || undefined);
    assert.deepEqual(lines(), ['before the gate']);
    await says('mona', 'moderators write');
  });

  test('who follows the mailed link speaks, and has the name of the list and the role', async () => {
    await says('max', '/verify s-nobody');
    await hears('max', /^Invalid User ID\.$/);
    await says('max', '/verify s-max');
    await hears('max', /^Link sent!$/);
    const page = await press(await nextMail());
    assert.match(page, /Your discord account has been linked\. You may now speak in the server\./);
    await eventually('name and role', async () => {
      const [nick, roles] = await member('max');
      return (nick === 'Student max' && roles.includes(role)) || undefined;
    });
    await says('max', 'thank you');
    await says('zoe', 'and I?');
    await eventually('zoe’s line to go', () => !lines().includes('and I?') || undefined);
    assert.ok(lines().includes('thank you'));
    await says('max', '/verify s-max');
    await hears('max', /^This discord account has already been verified\.$/);
  });

  test('the code of the mail, pasted in the welcome room, does the same and is taken away', async () => {
    await says('zoe', '/verify s-zoe');
    const [, code = ''] = /code:(\w{4}-\w{4})/.exec((await nextMail()).text) ?? [];
    await says('zoe', code);
    await hears('zoe', /has been linked\. You may now speak in the server\./);
    assert.ok(!lines().includes(code));
    await eventually('the name', async () => (await member('zoe'))[0] === 'Student zoe' || undefined);
  });

  test('whose verification a moderator ends loses the role, and what they write is taken away', async () => {
    const path = `/v1/communities/${course}/verification/people`;
    const people = (await call(hall, { method: 'GET', path, token: olga.token })).body['people'] as {
      id: string;
      userId: string;
    }[];
    const zoe = people.find(({ userId }) => userId === 's-zoe');
    const body = { reason: 'left the course' };
    const ended = await call(hall, { method: 'DELETE', path: `${path}/${zoe?.id}`, body, token: olga.token });
    assert.ok(ended.status < 300, ended.text);
    await eventually('the role to go', async () => (await member('zoe'))[1].length === 0 || undefined);
    await says('zoe', 'still here');
    await eventually('the line to go', () => !lines().includes('still here') || undefined);
  });

  test('a right that the bot lacks stands with the server, with what to change', async () => {
    discord.takePermission(undefined, 'MANAGE_MESSAGES');
    const why = await eventually('why', async () => {
      const path = `/v1/communities/${course}/spaces`;
      const { body } = await call(hall, { method: 'GET', path, token: olga.token });
      const spaces = body['spaces'] as { id: string; health: { why?: string } }[];
      return spaces.find(({ id }) => id === server)?.health.why;
    });
    assert.match(why, /“Manage Messages”.*admin of the server/);
    await says('tom', 'nobody stops me');
    discord.givePermission(undefined, 'MANAGE_MESSAGES');
    await eventually('the line to go', () => !lines().includes('nobody stops me') || undefined);
  });

  test('on Twitch a line is taken away too, and its writer is told once in the chat', async () => {
    await twitch.say('max', 'square', 'first');
    await eventually('the notice', () =>
      twitch.seen('square').find(({ author, text }) => author.bot && /only verified people write here/.test(text)),
    );
    await twitch.say('max', 'square', 'second');
    await eventually('both lines to go', () => {
      const left = twitch.seen('square').filter(({ author }) => author.name === 'max');
      return left.length === 0 || undefined;
    });
    assert.equal(twitch.seen('square').filter(({ text }) => /only verified/.test(text)).length, 1);
  });

  test('nothing was asked of the platforms that they do not allow', () => {
    assert.deepEqual([discord.violations, twitch.violations], [[], []]);
  });
});
