import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPostgres } from '#storage/postgres.ts';
import type { Storage } from '#storage/storage.ts';
import { freshStorage, prepare, type Ends } from '#test/contracts/fixtures.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { eventually } from '#test/support/wait.ts';
import { startLeases, type Leased, type Leases } from './leases.ts';

describe('a lease on SQLite', () => leasesHold(async (t) => freshStorage(t)));

describe('a lease on PostgreSQL', () => {
  let postgres: Postgres | undefined;
  before(async () => void (postgres = await startPostgres()));
  after(() => postgres?.stop());
  leasesHold(async (t) => {
    if (!postgres) return undefined;
    const storage = openPostgres(await postgres.freshDatabase());
    t.after(() => storage.close().catch(() => undefined));
    await prepare(storage);
    return storage;
  });
});

/** So short that a test sees it end. */
const SHORT = { ms: 600, everyMs: 100 };

function leasesHold(open: Open): void {
  const start: Start = (t, storage, holder) => {
    const leases = startLeases({ storage, holder, ...SHORT });
    t.after(() => leases.stop());
    return leases;
  };

  test('belongs to one of two that want it, and to the other as soon as that one stops', async (t) => {
    const storage = await open(t);
    if (!storage) return t.skip('no PostgreSQL here');
    const { log, work } = told();
    const [a, b] = [start(t, storage, 'a'), start(t, storage, 'b')];
    a.want('relay', work('a'));
    await eventually('the first to have it', () => a.holds('relay') || undefined);
    b.want('relay', work('b'));
    await rounds(4);
    assert.deepEqual(log, ['a begins']);
    assert.equal(b.holds('relay'), false);
    await a.stop();
    await eventually('the second to have it', () => b.holds('relay') || undefined);
    assert.deepEqual(log, ['a begins', 'a ends', 'b begins']);
  });

  test('passes on when its holder says nothing any more, and is renewed for as long as it does', async (t) => {
    const storage = await open(t);
    if (!storage) return t.skip('no PostgreSQL here');
    const { log, work } = told();
    // It dies with its first sign of life: what holds it afterwards is only the row.
    const dead = startLeases({ storage, holder: 'dead', ms: 600, everyMs: 3_600_000 });
    dead.want('relay', work('dead'));
    await eventually('it to have it', () => dead.holds('relay') || undefined);
    const heir = start(t, storage, 'heir');
    heir.want('relay', work('heir'));
    await eventually('the heir to have it', () => heir.holds('relay') || undefined);
    await rounds(12);
    assert.deepEqual(log, ['dead begins', 'heir begins']);
    assert.equal(dead.holds('relay'), false, 'whoever stood still knows by its own clock that it has it no longer');
    await dead.stop();
    assert.equal(heir.holds('relay'), true, 'and takes it from nobody when it stops late');
  });
  whereItPassesOn(open, start);
}

type Open = (t: Ends) => Promise<Storage | undefined>;
type Start = (t: Ends, storage: Storage, holder: string) => Leases;

function whereItPassesOn(open: Open, start: Start): void {
  test('whose work cannot begin is given back, and tried again', async (t) => {
    const storage = await open(t);
    if (!storage) return t.skip('no PostgreSQL here');
    let tries = 0;
    const leases = start(t, storage, 'a');
    leases.want('connector.discord', {
      begin() {
        if (++tries < 3) throw new Error('not yet');
      },
      end: () => undefined,
    });
    await eventually('the third try', () => (tries === 3 && leases.holds('connector.discord')) || undefined);
  });

  test('goes to another process where its holder cannot do the work any more, and is not wanted until it can', async (t) => {
    const storage = await open(t);
    if (!storage) return t.skip('no PostgreSQL here');
    let isFit = true;
    const { log, work } = told();
    const a = startLeases({ storage, holder: 'a', ms: 20_000, everyMs: 100, fit: () => isFit });
    t.after(() => a.stop());
    a.want('relay', work('a'));
    await eventually('the first to have it', () => a.holds('relay') || undefined);
    const b = startLeases({ storage, holder: 'b', ms: 20_000, everyMs: 100 });
    t.after(() => b.stop());
    b.want('relay', work('b'));
    isFit = false;
    await eventually('the second to have it', () => b.holds('relay') || undefined);
    assert.deepEqual(log, ['a begins', 'a ends', 'b begins']);
    isFit = true;
    await b.drop('relay');
    await eventually('the first to have it again', () => a.holds('relay') || undefined);
  });

  test('of another name is another’s affair', async (t) => {
    const storage = await open(t);
    if (!storage) return t.skip('no PostgreSQL here');
    const { log, work } = told();
    const [a, b] = [start(t, storage, 'a'), start(t, storage, 'b')];
    a.want('connector.discord', work('a discord'));
    await eventually('the first', () => a.holds('connector.discord') || undefined);
    b.want('connector.discord', work('b discord'));
    b.want('connector.slack', work('b slack'));
    await eventually('the second', () => b.holds('connector.slack') || undefined);
    assert.deepEqual(log, ['a discord begins', 'b slack begins']);
  });
}

/** Works that write down when they begin and end. */
function told(): { log: string[]; work(name: string): Leased } {
  const log: string[] = [];
  const work = (name: string): Leased => ({
    begin: () => void log.push(`${name} begins`),
    end: () => void log.push(`${name} ends`),
  });
  return { log, work };
}

/** So many times as long as a look takes to come. */
function rounds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * SHORT.everyMs));
}
