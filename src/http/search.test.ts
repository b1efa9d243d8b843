import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openHall, roomOf, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';

let hall: OpenHall;
let ann: Somebody;
let bob: Somebody;

before(async () => {
  hall = await openHall();
  [ann, bob] = [await somebody(hall.storage, 'ann', 'owner'), await somebody(hall.storage, 'bob')];
});
after(() => hall.close());

interface Found {
  results: {
    message: { id: string; text: string; seq: number };
    room: { id: string; name: string };
    marks: number[][];
  }[];
  next?: string;
  code?: string;
}

async function ask(who: Somebody, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object) {
  const headers = { authorization: `Bearer ${who.token}` };
  const answer = await hall.hall.server.app.inject({ method, url, headers, ...(body && { payload: body }) });
  return {
    status: answer.statusCode,
    body: (answer.body === 'null' || answer.body === '' ? {} : answer.json()) as Found,
  };
}

const search = (who: Somebody, query: string, more = '') =>
  ask(who, 'GET', `/v1/search?query=${encodeURIComponent(query)}${more}`);

test('a person finds what was said where they may read, marked, page by page, and as it stands now', async () => {
  const [open, secret] = [await roomOf(hall.storage, ann), await roomOf(hall.storage, ann, true)];
  const said: string[] = [];
  for (const [room, text] of [
    [open.id, 'The results are out'],
    [secret.id, 'secret results'],
    [open.id, 'results again'],
  ] as const) {
    const { body } = await ask(ann, 'POST', `/v1/rooms/${room}/messages`, { text });
    said.push((body as unknown as { id: string }).id);
  }
  const texts = (found: Found) => found.results.map(({ message }) => message.text);
  const first = (await search(ann, 'RESULTS')).body;
  assert.deepEqual(texts(first), ['results again', 'secret results', 'The results are out']);
  assert.deepEqual(first.results[2]?.marks, [[4, 11]]);
  assert.deepEqual(first.results[2]?.room, { id: open.id, name: open.name, community: open.community });
  assert.deepEqual(texts((await search(bob, 'results')).body), ['results again', 'The results are out']);

  const one = (await search(ann, 'results', '&limit=1')).body;
  assert.deepEqual(texts((await search(ann, 'results', `&limit=2&before=${one.next}`)).body), [
    'secret results',
    'The results are out',
  ]);

  await ask(ann, 'PATCH', `/v1/messages/${said[0]}`, { text: 'Figures are out' });
  await ask(ann, 'DELETE', `/v1/messages/${said[2]}`);
  assert.deepEqual(texts((await search(ann, 'results')).body), ['secret results']);
  assert.deepEqual(texts((await search(bob, 'figures')).body), ['Figures are out']);

  assert.equal((await search(bob, 'results', `&room=${secret.id}`)).body.code, 'unknown-room');
  assert.equal((await search(bob, 'results', '&community=comm_none')).body.code, 'unknown-community');
  assert.deepEqual((await search(ann, 'figures', `&author=${bob.account}`)).body.results, []);
  assert.deepEqual((await search(ann, 'figures', '&since=2099-01-01T00:00:00Z')).body.results, []);
  assert.equal((await search(ann, 'figures', '&since=soon')).status, 400);
  assert.deepEqual((await search(ann, '"*🤣')).body, { results: [] });
});
