import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keepBackup } from '#storage/backups.ts';
import { seeProcess } from '#storage/processes.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call } from '#test/support/person.ts';

interface Seen {
  version: string;
  schema: number;
  processes: { id: string; role: string; state: string; parts: { name: string; state: string; why?: string }[] }[];
  queues: { name: string; waiting: number }[];
  engines: { name: string; state: string; bytes?: number }[];
  backup: { at: string; bytes: number } | null;
}

let hall: OpenHall;
let olga: Somebody;

before(async () => {
  hall = await openHall();
  olga = await somebody(hall.storage, 'olga', 'owner');
});
after(() => hall.close());

const look = async (): Promise<Seen> =>
  (await call<Seen>(hall, { method: 'GET', path: '/v1/operator/overview', token: olga.token })).body;

describe('the instance, for its operator', () => {
  test('one process alone shows itself, its database and that nothing waits', async () => {
    const { processes, queues, engines, backup } = await look();
    assert.deepEqual(
      processes.map(({ role, state }) => [role, state]),
      [['all', 'live']],
    );
    assert.equal(queues.find(({ name }) => name === 'jobs')?.waiting, 0);
    assert.equal(engines[0]?.name, 'SQLite');
    assert.ok((engines[0]?.bytes ?? 0) > 0);
    assert.ok(engines.some(({ name }) => name === 'mail'));
    assert.equal(backup, null);
  });

  test('another process is shown with the reason why a part of it does not work', async () => {
    const health = [{ name: 'slack', state: 'refused' as const, why: 'Slack refuses the token.' }];
    await seeProcess(hall.storage, { id: 'proc_other', role: 'slack', version: '9.9.9', health });
    const other = (await look()).processes.find(({ id }) => id === 'proc_other');
    assert.equal(other?.state, 'troubled');
    assert.deepEqual(other.parts, health);
  });

  test('the last backup that was read back is told', async () => {
    await hall.storage.write(({ db }) => keepBackup(db, { at: Date.parse('2026-11-19T02:00:00Z'), bytes: 1_900 }));
    assert.deepEqual((await look()).backup, { at: '2026-11-19T02:00:00.000Z', bytes: 1_900 });
  });

  test('a member is refused, and is told the rule', async () => {
    const bob = await somebody(hall.storage, 'bob');
    const { status } = await call(hall, { method: 'GET', path: '/v1/operator/overview', token: bob.token });
    assert.equal(status, 403);
  });
});
