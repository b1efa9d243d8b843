import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { keepBackup } from '#storage/backups.ts';
import { noteFigures } from '#storage/minute-figures.ts';
import { seeProcess } from '#storage/processes.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

interface Seen {
  version: string;
  schema: number;
  processes: {
    id: string;
    role: string;
    state: string;
    parts: { name: string; state: string; why?: string }[];
    memory: (number | null)[];
    busy: (number | null)[];
  }[];
  since: string;
  waited: { jobs: (number | null)[]; outbox: (number | null)[] };
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
    assert.equal(backup, null);
  });

  test('where no mail server is set, it says so and where mails are shown, and nothing is called not ready', async () => {
    const mail = (await look()).engines.find(({ name }) => name === 'mail');
    assert.deepEqual(mail, {
      name: 'mail',
      state: 'off',
      why: 'SMTP_URL is not set: mails are shown at the terminal',
    });
    const ready = (await hall.hall.server.app.inject('/health/ready')).json<{ notReady: { name: string }[] }>();
    assert.deepEqual(
      ready.notReady.filter(({ name }) => name === 'mail'),
      [],
    );
  });

  test('the last hour is shown a minute each: what the process held, how busy it was, what waited', async () => {
    const noted = async () => (await look()).processes[0]?.memory.find((one) => one !== null);
    await eventually('the first look', noted);
    const { id = '' } = (await look()).processes[0] ?? {};
    await noteFigures(hall.storage.writer, { of: id, at: Date.now() - 600_000, figures: { busy: 124 } });
    await noteFigures(hall.storage.writer, { of: 'instance', at: Date.now() - 3_600_000, figures: { jobs: 99 } });
    await noteFigures(hall.storage.writer, { of: 'instance', at: Date.now() - 600_000, figures: { jobs: 7 } });
    const { processes, waited, since } = await look();
    const [self] = processes;
    assert.ok((self?.memory.find((one) => one !== null) ?? 0) > 20_000_000, 'bytes');
    assert.ok(self?.busy.includes(12.4), 'per cent');
    for (const minutes of [self?.memory, self?.busy, waited.jobs, waited.outbox]) assert.equal(minutes?.length, 60);
    assert.deepEqual(
      waited.jobs.filter((one) => one !== null && one > 0),
      [7],
    );
    assert.equal(Date.parse(since) % 60_000, 0);
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
