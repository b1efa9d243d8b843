import type { Deployment } from './deployment.ts';
import { member, owner, type Person } from './person.ts';
import { giveRole } from './roles.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Messages an hour of a lively day, the present hour last. */
const DAY = [160, 121, 96, 110, 104, 98, 92, 121, 168, 214, 231, 190, 96, 41, 12, 8, 5, 3, 2, 4, 9, 31, 88, 64];

/** Makes the community of Olga, its owner, in which something of each kind has happened. Gives its id. */
export async function livelyCommunity(hall: Deployment): Promise<string> {
  const olga = await owner(hall);
  const [mona, ann, max] = [await member(olga, 'mona'), await member(olga, 'ann'), await member(olga, 'max')];
  await giveRole(mona, 'moderator');
  const { communities } = await olga.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
  const community = communities[0]?.id ?? '';
  await talk(olga, [ann, max, mona]);
  await order(mona, { community, rude: max, reader: ann });
  await sections(olga, community);
  await countDay(hall, community);
  await countHour(hall, olga);
  return community;
}

async function talk(olga: Person, [ann, max, mona]: Person[]): Promise<void> {
  const { rooms } = await olga.done<{ rooms: { id: string }[] }>('GET', '/v1/rooms');
  const room = rooms[0]?.id ?? '';
  const said: [Person | undefined, string][] = [
    [olga, 'Welcome to the hall. The games begin at eight on Thursday.'],
    [ann, 'Who brings the dice this time? The ones from last week were short of a six.'],
    [ann, 'And the map of the north, please.'],
    [max, 'I have both: https://games.example/maps/the-north?print=large'],
    [mona, '@olga the results of the raid are in the shared table, with the totals of the month.'],
    [olga, 'Thank you. That makes 14 of 20 so far.'],
  ];
  for (const [who, text] of said) await who?.done('POST', `/v1/rooms/${room}/messages`, { text });
  await olga.done('POST', '/v1/commands/stock?wait=0', { args: { symbol: 'zzzq.us' } });
  await olga.makeRoom('raids', { topic: 'Thursdays at eight' });
  await olga.makeRoom('officers', { private: true });
}

async function order(mona: Person, { community, rude, reader }: { community: string; rude: Person; reader: Person }) {
  const { rooms } = await rude.done<{ rooms: { id: string }[] }>('GET', '/v1/rooms');
  const { id } = await rude.done<{ id: string }>('POST', `/v1/rooms/${rooms[0]?.id}/messages`, {
    text: 'That is the dumbest plan of the year.',
  });
  await reader.done('POST', `/v1/messages/${id}/report`, { reason: 'rude' });
  const base = `/v1/communities/${community}`;
  await mona.done('POST', `${base}/sanctions`, { account: rude.id, kind: 'mute', minutes: 90, reason: 'rude again' });
  await mona.done('POST', `${base}/word-rules`, { words: 'free gold', act: 'hold' });
}

async function sections(olga: Person, community: string): Promise<void> {
  const base = `/v1/communities/${community}`;
  const { rooms } = await olga.done<{ rooms: { id: string }[] }>('GET', '/v1/rooms');
  await olga.done('POST', `${base}/invites`, { uses: 20, days: 7 });
  const { url } = await olga.done<{ url: string }>('POST', `${base}/webhooks`, { room: rooms[0]?.id, name: 'Builds' });
  await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'Build 214 is out.' }),
  });
  await olga.done('POST', `${base}/webhooks`, { room: rooms[0]?.id, name: 'The weather of the northern coast' });
  await olga.done('POST', '/v1/me/tokens', { name: 'the raid calendar', scopes: ['read', 'me'], days: 30 });
}

async function countDay(hall: Deployment, community: string): Promise<void> {
  const now = Date.now();
  const present = now - (now % HOUR);
  for (const [index, posts] of DAY.entries())
    await hall.rows(
      'insert into activity (community_id, hour, posts) values (?, ?, ?) on conflict do update set posts = excluded.posts',
      [community, present - (DAY.length - 1 - index) * HOUR, posts],
    );
}

/** What the process held and how busy it was, as it would have noted it. */
async function countHour(hall: Deployment, olga: Person): Promise<void> {
  const { processes } = await olga.done<{ processes: { id: string }[] }>('GET', '/v1/operator/overview');
  const present = Math.floor(Date.now() / MINUTE) * MINUTE;
  for (let n = 1; n < 60; n++) {
    const figures = { memory: 170_000_000 + 400_000 * ((n * 7) % 41), busy: 30 + ((n * 13) % 90), jobs: n % 9 ? 0 : n };
    for (const [name, figure] of Object.entries(figures))
      await hall.rows(
        'insert into minute_figures (of_what, name, minute, figure) values (?, ?, ?, ?) on conflict do nothing',
        [name === 'jobs' ? 'instance' : (processes[0]?.id ?? ''), name, present - n * MINUTE, figure],
      );
  }
}
