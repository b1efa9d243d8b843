import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { firstCommunity } from '#storage/communities.ts';
import { markRoomDeleted } from '#storage/rooms.ts';
import { openHall, roomOf, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
let hall: OpenHall;
let [mona, ann]: Somebody[] = [];
let room: string;
let hooks: string;

before(async () => {
  hall = await openHall();
  [mona, ann] = [await somebody(hall.storage, 'mona', 'moderator'), await somebody(hall.storage, 'ann')];
  room = (await roomOf(hall.storage, mona)).id;
  hooks = `/v1/communities/${(await firstCommunity(hall.storage.db)).id}/webhooks`;
});
after(() => hall.close());

interface Message {
  id: string;
  author: { id: string; name: string; kind: string };
  text: string;
  table?: object;
  pictures?: { url: string; alt: string; width: number; height: number }[];
}
interface Told {
  webhook: { id: string; name: string; lastUsedAt: string | null };
  webhooks: { id: string; roomName: string; lastUsedAt: string | null; madeBy: string }[];
  messages: Message[];
  url: string;
  code?: string;
}

async function ask(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  { who = mona, body }: { who?: Somebody | undefined; body?: object } = {},
) {
  const headers = { authorization: `Bearer ${who?.token}` };
  const answer = await hall.hall.server.app.inject({ method, url, headers, ...(body && { payload: body }) });
  return { status: answer.statusCode, body: (answer.body.startsWith('{') ? answer.json() : {}) as Told };
}

async function make(where = room): Promise<{ id: string; path: string }> {
  const { body } = await ask('POST', hooks, { body: { room: where, name: 'Deploy' } });
  return { id: body.webhook.id, path: new URL(body.url).pathname };
}

/** As a program posts: without a session. */
async function send(path: string, body: object) {
  const answer = await hall.hall.server.app.inject({ method: 'POST', url: path, payload: body });
  return { status: answer.statusCode, text: answer.body, retryAfter: answer.headers['retry-after'] };
}

async function newest(): Promise<Message> {
  return (await ask('GET', `/v1/rooms/${room}/messages?limit=1`)).body.messages[0] as Message;
}

test('whoever has the address posts in that one room, under the webhook’s name, words, a table and a picture', async () => {
  const { id, path } = await make();
  assert.deepEqual(await send(path, { text: 'Build 214 is out, @ann' }), {
    status: 200,
    text: 'ok',
    retryAfter: undefined,
  });
  const { author, text } = await newest();
  assert.deepEqual([author, text], [{ id, name: 'Deploy', kind: 'bot' }, 'Build 214 is out, @ann']);

  const table = {
    title: 'Shares',
    columns: [{ name: 'Code' }, { name: 'Price', numeric: true }],
    rows: [['AAPL', '126.85']],
  };
  const picture = { data: `data:image/png;base64,${PIXEL}`, alt: 'a dot' };
  assert.equal((await send(path, { table, picture })).status, 200);
  const shown = await newest();
  assert.deepEqual([shown.text, shown.table], ['', table]);
  assert.deepEqual(shown.pictures, [{ url: picture.data, alt: 'a dot', width: 1, height: 1 }]);
  const { webhooks } = (await ask('GET', hooks)).body;
  assert.ok(webhooks.find((one) => one.id === id)?.lastUsedAt);
});

test('a body made for Slack is taken, and said in words', async () => {
  const { path } = await make();
  const said = async (body: object): Promise<string> => {
    assert.equal((await send(path, body)).status, 200);
    return (await newest()).text;
  };
  assert.equal(
    await said({
      text: '<https://ci.example/1|Build 1> of <#C1|square> &amp; co <!here>',
      username: 'ci',
      icon_emoji: ':x:',
    }),
    'Build 1 (https://ci.example/1) of #square & co @here',
  );
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: 'Results' } },
    { type: 'divider' },
    {
      type: 'section',
      text: { type: 'mrkdwn', text: 'See <https://a.example>' },
      fields: [{ type: 'mrkdwn', text: 'ok &lt;1' }],
    },
    {
      type: 'rich_text',
      elements: [
        {
          type: 'rich_text_section',
          elements: [
            { type: 'text', text: 'Done by ' },
            { type: 'user', user_id: 'U1' },
          ],
        },
      ],
    },
    { type: 'context', elements: [{ type: 'plain_text', text: 'at 8' }] },
    { type: 'actions', elements: [{ type: 'button' }] },
  ];
  assert.equal(await said({ text: 'fallback', blocks }), 'Results\nSee https://a.example\nok <1\nDone by @U1\nat 8');
  const attachments = [
    {
      color: 'good',
      title: 'Job',
      title_link: 'https://b.example',
      fields: [{ title: 'Took', value: '3 s' }],
      fallback: 'x',
    },
  ];
  assert.equal(await said({ text: 'Hi', attachments }), 'Hi\nJob (https://b.example)\nTook: 3 s');
  assert.equal(await said({ attachments: [{ fallback: 'only this' }] }), 'only this');
  assert.equal(
    [...(await said({ blocks: [{ type: 'section', text: { type: 'plain_text', text: 'y'.repeat(9_000) } }] }))].length,
    4_000,
  );
});

test('Slack’s form is taken, with the same JSON in its field payload; no other route takes a form', async () => {
  const { path } = await make();
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const form = async (payload: string | Buffer, url = path) => {
    const answer = await hall.hall.server.app.inject({ method: 'POST', url, headers, payload });
    return [answer.statusCode, answer.body.startsWith('{') ? answer.json<Told>().code : answer.body];
  };
  const said = JSON.stringify({ text: 'Überall 1 + 1 = 2 & <https://ci.example/1|Build 1>', username: 'ci' });
  assert.deepEqual(await form(new URLSearchParams({ payload: said }).toString()), [200, 'ok']);
  assert.equal((await newest()).text, 'Überall 1 + 1 = 2 & Build 1 (https://ci.example/1)');
  // As a shell sends it that escapes nothing.
  assert.deepEqual(await form('token=x&payload={"text":"plain über"}'), [200, 'ok']);
  assert.equal((await newest()).text, 'plain über');

  const { id } = await newest();
  for (const wrong of ['', 'text=hi', 'payload=', 'payload=hi', 'payload=%ff', Buffer.from('payload="\xff"', 'latin1')])
    assert.deepEqual(await form(wrong), [400, 'bad-form'], String(wrong));
  assert.deepEqual(await form('payload={"unknown":1}'), [400, 'bad-request']);
  assert.deepEqual(await form('payload=null'), [400, 'bad-request']);
  assert.deepEqual(await form('payload={"text":"hi"}', '/v1/sessions'), [415, 'wrong-kind']);
  assert.equal((await newest()).id, id);
});

test('a body of boxes in boxes, as deep as it can be, is taken, and says what is not in them', async () => {
  const { path } = await make();
  const deep = 8_000;
  const boxes = `${'{"elements":['.repeat(deep)}{"type":"text","text":"deep"}${']}'.repeat(deep)}`;
  const payload = `{"text":"flat","blocks":[{"type":"rich_text","elements":[${boxes}]}]}`;
  const headers = { 'content-type': 'application/json' };
  const answer = await hall.hall.server.app.inject({ method: 'POST', url: path, headers, payload });
  assert.equal(answer.statusCode, 200, answer.body);
  assert.equal((await newest()).text, 'flat');
});

test('what cannot be said is refused in a sentence, and nothing is posted', async () => {
  const { path } = await make();
  const before = await newest();
  const row = { columns: [{ name: 'a' }], rows: [['1', '2']] };
  const big = Buffer.concat([Buffer.from(PIXEL, 'base64'), Buffer.alloc(60 * 1024)]).toString('base64');
  for (const [body, code] of [
    [{}, 'empty-text'],
    [{ text: ' ' }, 'empty-text'],
    [{ text: 'x'.repeat(4_001) }, 'text-too-long'],
    [{ text: 'half \ud800' }, 'bad-text'],
    [{ table: row }, 'bad-table'],
    [{ picture: { data: 'https://example.com/a.png', alt: 'a' } }, 'bad-picture'],
    [{ picture: { data: 'data:image/svg+xml;base64,PHN2Zy8+', alt: 'a' } }, 'bad-picture'],
    [{ picture: { data: 'data:image/png;base64,aGVsbG8=', alt: 'a' } }, 'bad-picture'],
    [{ picture: { data: `data:image/png;base64,${big}`, alt: 'a' } }, 'picture-too-large'],
    [{ text: 'x', unknown: 1 }, 'bad-request'],
    [{ text: 'x', blocks: [null, 'x'] }, 'bad-request'],
  ] as const) {
    const answer = await send(path, body);
    assert.equal(answer.status, 400, JSON.stringify(body).slice(0, 80));
    assert.match(answer.text, new RegExp(`"code":"${code}"`));
  }
  assert.equal((await send(path, { text: 'x'.repeat(200_000) })).status, 413);
  assert.equal((await newest()).id, before.id);
});

test('an address ends at once: revoked, given a new secret, or with its room; a wrong one looks like none', async () => {
  const [one, two] = [await make(), await make()];
  assert.equal((await send(`${one.path}x`, { text: 'hi' })).status, 404);
  assert.equal((await send(`/v1/hooks/hook_none/${one.path.split('/').at(-1)}`, { text: 'hi' })).status, 404);
  assert.equal((await send(`/v1/hooks/${one.id}/${two.path.split('/').at(-1)}`, { text: 'hi' })).status, 404);
  const turned = (await ask('POST', `${hooks}/${one.id}/rotate`)).body;
  assert.equal((await send(one.path, { text: 'hi' })).status, 404);
  assert.equal((await send(new URL(turned.url).pathname, { text: 'hi' })).status, 200);
  assert.equal((await ask('DELETE', `${hooks}/${two.id}`)).status, 204);
  assert.equal((await send(two.path, { text: 'hi' })).status, 404);
  assert.equal((await ask('DELETE', `${hooks}/${two.id}`)).body.code, 'unknown-webhook');

  const gone = (await roomOf(hall.storage, mona as Somebody)).id;
  const three = await make(gone);
  await hall.storage.write((tx) => markRoomDeleted(tx.db, gone, 9));
  assert.equal((await send(three.path, { text: 'hi' })).status, 404);
  const rows = await hall.storage.db.selectFrom('incoming_webhooks').selectAll().execute();
  for (const { path } of [one, two, three]) assert.ok(!JSON.stringify(rows).includes(path.split('/').at(-1) as string));
});

test('members make none; those of a private room are nobody’s who is not in it', async () => {
  assert.equal((await ask('GET', hooks, { who: ann })).status, 403);
  assert.equal((await ask('POST', hooks, { who: ann, body: { room, name: 'x' } })).status, 403);
  const secret = (await roomOf(hall.storage, ann as Somebody, true)).id;
  assert.equal((await ask('POST', hooks, { body: { room: secret, name: 'x' } })).body.code, 'unknown-room');
});

test('a webhook that posts too fast is told how long to wait', async () => {
  const { path } = await make();
  for (let n = 0; n < 30; n++) assert.equal((await send(path, { text: `${n}` })).status, 200);
  const { status, retryAfter } = await send(path, { text: 'one more' });
  assert.equal(status, 429);
  assert.ok(Number(retryAfter) > 0);
});
