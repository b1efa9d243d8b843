import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { type SlackSimulator, startSlack } from '#test/simulators/slack/index.ts';

describe('the control page of a simulator', () => {
  let slack: SlackSimulator;
  before(async () => (slack = await startSlack()));
  after(() => slack.stop());

  const get = (path: string): Promise<Response> => fetch(slack.page + path);
  const post = (path: string, body: unknown, type = 'application/json'): Promise<Response> =>
    fetch(`${slack.page}_control/${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: JSON.stringify(body),
    });

  test('is one page that loads nothing from elsewhere', async () => {
    const response = await get('');
    assert.match(response.headers.get('content-type') ?? '', /text\/html/);
    assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    assert.doesNotMatch(await response.text(), /(src|href)="(?!data:,")/);
  });

  test('tells who is there, and that no program has joined', async () => {
    const world = (await (await get('_control')).json()) as Record<string, { name: string }[]>;
    assert.deepEqual(
      world.people?.map(({ name }) => name),
      ['olga', 'adam', 'mona', 'mia', 'max'],
    );
    assert.deepEqual([world.platform, world.connected], ['slack', false]);
  });

  test('a line said there is seen in the room', async () => {
    const said = await post('say', { person: 'mia', room: 'square', text: 'hello' });
    assert.equal(said.status, 201);
    const { id } = (await said.json()) as { id: string };
    const seen = (await (await get('_control/seen?room=square&person=max')).json()) as { id: string; text: string }[];
    assert.deepEqual(
      seen.map((one) => [one.id, one.text]),
      [[id, 'hello']],
    );
  });

  test('a line that the platform refuses is 400 with its sentence', async () => {
    const refused = await post('say', { person: 'mia', room: 'square', text: '/dance' });
    assert.deepEqual([refused.status, await refused.json()], [400, { detail: '/dance is not a valid command.' }]);
    assert.equal((await get('_control/seen?room=cellar')).status, 400);
  });

  test('a fault is started by its kind, and the calls show what it did', async () => {
    assert.equal((await post('fault', { kind: 'answer', status: 503, times: 1 })).status, 200);
    assert.equal((await fetch(`${slack.env.SLACK_API_URL}auth.test`)).status, 503);
    const calls = (await (await get('_control/calls')).json()) as { status: number }[];
    assert.equal(calls.at(-1)?.status, 503);
  });

  const bad: [what: string, path: string, body: unknown, type: string, status: number][] = [
    ['a form', 'say', {}, 'application/x-www-form-urlencoded', 415],
    ['a list', 'say', [], 'application/json', 400],
    ['a person that is a number', 'say', { person: 1, room: 'square', text: 'x' }, 'application/json', 400],
    ['a fault of no kind', 'fault', { kind: 'earthquake' }, 'application/json', 400],
    ['a fault without its number', 'fault', { kind: 'slow' }, 'application/json', 400],
    ['an event that never was', 'again', { id: '1.2' }, 'application/json', 400],
    ['a body of half a megabyte', 'say', { text: 'x'.repeat(512 * 1024) }, 'application/json', 413],
    ['an address that is not there', 'dance', {}, 'application/json', 404],
  ];
  for (const [what, path, body, type, status] of bad) {
    test(`${what} is refused with ${status}`, async () => {
      assert.equal((await post(path, body, type)).status, status);
    });
  }

  test('a Host that is not loopback is refused, so that no foreign page gets in', async () => {
    const status = await new Promise((resolve, reject) => {
      const asked = request(`${slack.page}_control`, { headers: { host: 'chat.example.com' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject).end();
    });
    assert.equal(status, 403);
  });
});
