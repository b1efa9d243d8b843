import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { startDiscord, type Discord } from '#test/simulators/discord/index.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { startTwitch, type Twitch } from '#test/simulators/twitch/index.ts';
import { firstCommunity } from '#storage/communities.ts';
import { ensureSpace } from '#storage/spaces.ts';
import { call } from '#test/support/person.ts';

let hall: OpenHall;
let twitch: Twitch;
let discord: Discord;
let slack: SlackSimulator;
let ann: Somebody;
let bob: Somebody;

before(async () => {
  [twitch, discord, slack] = await Promise.all([startTwitch(), startDiscord(), startSlack()]);
  // Without the bots' own tokens: only the ways to prove who one is.
  const env = { ...twitch.env, ...discord.env, ...slack.env };
  const { TWITCH_BOT_REFRESH_TOKEN: _r, DISCORD_TOKEN: _d, SLACK_BOT_TOKEN: _b, SLACK_APP_TOKEN: _a, ...apps } = env;
  hall = await openHall(apps);
  [ann, bob] = [await somebody(hall.storage, 'ann'), await somebody(hall.storage, 'bob')];
});
after(async () => {
  await hall.close();
  await Promise.all([twitch.stop(), discord.stop(), slack.stop()]);
});

/** Where a browser is sent, with the cookies that it was given. */
interface Step {
  status: number;
  to: string;
  cookie: string;
}

async function go(url: string, who?: Somebody, cookie = ''): Promise<Step> {
  const headers = { cookie, ...(who && { authorization: `Bearer ${who.token}` }) };
  const response = await fetch(new URL(url, hall.url), { headers, redirect: 'manual' });
  const given = response.headers.getSetCookie().map((one) => one.split(';')[0] as string);
  await response.body?.cancel();
  return { status: response.status, to: response.headers.get('location') ?? '', cookie: given.join('; ') || cookie };
}

const begin = (platform: string, who = ann): Promise<Step> => go(`/v1/me/identities/${platform}/link`, who);
/** Agrees there as this person. */
const agree = async ({ to }: Step, login: string): Promise<string> => (await go(`${to}&login=${login}`)).to;
/** Goes all the way. Gives where the browser ends. */
async function link(platform: string, login: string, who = ann): Promise<string> {
  const sent = await begin(platform, who);
  return (await go(await agree(sent, login), who, sent.cookie)).to;
}
const identities = async (who = ann): Promise<string[][]> => {
  const { body } = await call(hall, { method: 'GET', path: '/v1/me/identities', token: who.token });
  const rows = body['identities'] as Record<string, string>[];
  return rows.map(({ platform = '', platformId = '', name = '', proof = '' }) => [platform, platformId, name, proof]);
};
const unlinkAll = async (who = ann): Promise<void> => {
  for (const [platform, id] of await identities(who))
    await call(hall, { method: 'DELETE', path: `/v1/me/identities/${platform}/${id}`, token: who.token });
};

describe('a name that the platform itself vouches for', () => {
  for (const platform of ['twitch', 'discord', 'slack'] as const)
    test(`on ${platform} is linked by going there and back, and its token is given back`, async () => {
      const simulator = { twitch, discord, slack }[platform];
      if (platform === 'slack') await connectSlack();
      const mia = simulator.people.find(({ name }) => name.toLowerCase() === 'mia');
      assert.equal(await link(platform, 'mia'), `/me?linked=${platform}`);
      assert.deepEqual(await identities(), [[platform, mia?.id, (await identities())[0]?.[2], 'oauth']]);
      assert.deepEqual(simulator.violations, []);
      assert.equal(simulator.calls.filter(({ path }) => /revoke/.test(path)).at(-1)?.status, 200);
      await unlinkAll();
    });

  test('sends exactly the address that is registered, and a state that is new each time', async () => {
    const [one, two] = [new URL((await begin('discord')).to), new URL((await begin('discord')).to)];
    assert.equal(one.searchParams.get('redirect_uri'), `${hall.url}/v1/me/identities/discord/callback`);
    assert.equal(one.searchParams.get('code_challenge_method'), 'S256');
    assert.notEqual(one.searchParams.get('state'), two.searchParams.get('state'));
    assert.equal(one.searchParams.get('scope'), 'identify');
  });

  test('of another account is refused, and stays there', async () => {
    await link('twitch', 'mia', bob);
    assert.equal(await link('twitch', 'mia'), '/me?problem=identity-taken');
    assert.deepEqual([await identities(), (await identities(bob)).length], [[], 1]);
    await unlinkAll(bob);
  });

  test('is linked once, in the browser and by the account that set out', async () => {
    const sent = await begin('twitch');
    const back = await agree(sent, 'mia');
    assert.equal((await go(back, ann)).to, '/me?problem=attempt-foreign', 'another browser');
    assert.equal((await go(back, bob, sent.cookie)).to, '/me?problem=attempt-foreign', 'another account');
    const elsewhere = back.replace('/twitch/', '/discord/');
    assert.equal((await go(elsewhere, ann, sent.cookie)).to, '/me?problem=attempt-foreign', 'another platform');
    assert.equal((await go(back, ann, sent.cookie)).to, '/me?linked=twitch');
    assert.equal((await go(back, ann, sent.cookie)).to, '/me?problem=attempt-used', 'doubled');
    await unlinkAll();
  });

  test('is not linked where nobody agrees, or the code is none', async () => {
    assert.equal(await link('twitch', ''), '/me?problem=not-agreed');
    const sent = await begin('twitch');
    const back = (await agree(sent, 'mia')).replace(/code=\w+/, 'code=wrong');
    assert.equal((await go(back, ann, sent.cookie)).to, '/me?problem=link-failed');
    assert.deepEqual(await identities(), []);
  });

  test('of a workspace where the bot is not means nobody here', async () => {
    await hall.storage.write(({ db }) => db.deleteFrom('spaces').execute());
    assert.equal(await link('slack', 'mia'), '/me?problem=other-workspace');
  });

  test('needs a session, our own page, and a platform', async () => {
    assert.equal((await go('/v1/me/identities/twitch/link')).status, 401);
    assert.equal((await go('/v1/me/identities/twitch/callback?code=x&state=y')).status, 401);
    assert.equal((await go('/v1/me/identities/irc/link', ann)).status, 400);
    const headers = { authorization: `Bearer ${ann.token}`, 'sec-fetch-site': 'cross-site' };
    const foreign = await fetch(`${hall.url}/v1/me/identities/twitch/link`, { headers, redirect: 'manual' });
    assert.equal(foreign.status, 403);
    assert.equal(((await foreign.json()) as { code: string }).code, 'foreign-origin');
  });

  test('is offered where the operator set it up', async () => {
    const { body } = await call(hall, { method: 'GET', path: '/v1/me/identities', token: ann.token });
    const ways = body['platforms'] as { platform: string; oauth: boolean; code: boolean }[];
    assert.deepEqual(
      ways.map(({ platform, oauth, code }) => [platform, oauth, code]),
      [
        ['discord', true, false],
        ['slack', true, false],
        ['twitch', true, false],
      ],
    );
  });
});

/** The bot's workspace, as a connector notes it. */
function connectSlack(): Promise<unknown> {
  return hall.storage.write(async ({ db }) => {
    const community = (await firstCommunity(db)).id;
    await ensureSpace(db, { platform: 'slack', platformId: 'T0SAMPLE', name: 'Square', community, at: 1 });
  });
}
