import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { AppError } from '#core/errors.ts';
import { readFact, writeFact } from '#storage/instance.ts';
import { startRelay } from '#storage/relay.ts';
import type { Storage } from '#storage/storage.ts';
import { countOutbox } from '#storage/work.ts';
import { eventually } from '#test/support/wait.ts';
import type { StorageCase } from './storage.contract.ts';

/** The one way to write. */
export const doorContract: StorageCase[] = [
  {
    says: 'works that come together are committed together, in the order they came',
    async holds(storage) {
      const order: string[] = [];
      const ids = await Promise.all(
        ['a', 'b', 'c'].map((name) =>
          storage.write(async (tx) => {
            order.push(name);
            await writeFact(tx.db, name, name);
            return transactionOf(storage, tx.db);
          }),
        ),
      );
      assert.deepEqual(order, ['a', 'b', 'c']);
      assert.equal(new Set(ids).size, 1, `one transaction, not ${ids.join(', ')}`);
      const later = await storage.write((tx) => transactionOf(storage, tx.db));
      assert.notEqual(later, ids[0], 'what comes later has a commit of its own');
    },
  },
  {
    says: 'a work that fails undoes itself alone, and its caller alone is told',
    async holds(storage) {
      const told = await Promise.allSettled([
        storage.write((tx) => writeFact(tx.db, 'before', 'kept')),
        storage.write(async (tx) => {
          await writeFact(tx.db, 'middle', 'undone');
          throw new Error('my own mistake');
        }),
        storage.write((tx) => writeFact(tx.db, 'after', 'kept')),
      ]);
      assert.deepEqual(
        told.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      const facts = ['before', 'middle', 'after'].map((key) => readFact(storage.db, key));
      assert.deepEqual(await Promise.all(facts), ['kept', undefined, 'kept']);
    },
  },
  {
    says: 'a work whose statement the database refuses undoes itself alone too',
    async holds(storage) {
      const told = await Promise.allSettled([
        storage.write((tx) => writeFact(tx.db, 'before', 'kept')),
        storage.write((tx) => sql`insert into no_such_table values (1)`.execute(tx.db)),
        storage.write((tx) => writeFact(tx.db, 'after', 'kept')),
      ]);
      assert.deepEqual(
        told.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.equal(await readFact(storage.db, 'after'), 'kept');
    },
  },
  {
    says: 'a caller is told after the commit: what it then reads is there',
    async holds(storage) {
      const seen = await Promise.all(
        ['a', 'b', 'c'].map(async (name) => {
          await storage.write((tx) => writeFact(tx.db, name, 'written'));
          return readFact(storage.db, name);
        }),
      );
      assert.deepEqual(seen, ['written', 'written', 'written']);
    },
  },
  {
    says: 'readers see nothing of a batch before it is committed',
    async holds(storage) {
      const seen: (string | undefined)[] = [];
      const look = async () => void seen.push(await readFact(storage.db, 'secret'));
      await Promise.all([
        storage.write(async (tx) => {
          await writeFact(tx.db, 'secret', 'not yet');
          await look();
        }),
        storage.write(look),
      ]);
      assert.deepEqual(seen, [undefined, undefined]);
      assert.equal(await readFact(storage.db, 'secret'), 'not yet');
    },
  },
  {
    says: 'when the commit fails all are told so, nothing is kept, and the next write works',
    async holds(storage) {
      await promises(storage);
      const told = await Promise.allSettled([
        storage.write((tx) => writeFact(tx.db, 'innocent', 'lost')),
        storage.write((tx) => sql`insert into promises values ('nobody')`.execute(tx.db)),
      ]);
      const codes = told.map((one) => (one.status === 'rejected' ? (one.reason as AppError).code : 'told it is kept'));
      assert.deepEqual(codes, ['not-stored', 'not-stored']);
      assert.equal(await readFact(storage.db, 'innocent'), undefined);
      await storage.write((tx) => writeFact(tx.db, 'next', 'kept'));
      assert.equal(await readFact(storage.db, 'next'), 'kept');
    },
  },
  {
    says: 'an outbox row is in the same commit as what it follows from',
    async holds(storage) {
      await promises(storage);
      const failed = storage.write(async (tx) => {
        await tx.publish('incoming', 'never');
        await sql`insert into promises values ('nobody')`.execute(tx.db);
      });
      await assert.rejects(failed, { code: 'not-stored' });
      assert.equal(await countOutbox(storage.db), 0);
    },
  },
  {
    says: 'a relay outlives a commit that failed while it tidied up',
    async holds(storage) {
      await promises(storage);
      const sent: string[] = [];
      const relay = startRelay(failingOnce(storage), async (_channel, body) => void sent.push(body));
      await storage.write((tx) => tx.publish('incoming', 1));
      await eventually('the first', () => sent[0]);
      await storage.write((tx) => tx.publish('incoming', 2));
      await eventually('the second', () => sent.find((body) => body === '2'));
      await eventually('the second’s row to go', async () => ((await countOutbox(storage.db)) < 2 ? true : undefined));
      await relay.stop();
    },
  },
  {
    says: 'whoever writes after the end is refused, not kept waiting',
    async holds(storage) {
      await storage.close();
      const late = storage
        .write((tx) => writeFact(tx.db, 'late', 'x'))
        .then(
          () => 'written',
          () => 'refused',
        );
      const patience = new Promise<string>((resolve) => setTimeout(resolve, 3_000, 'kept waiting').unref());
      assert.equal(await Promise.race([late, patience]), 'refused');
    },
  },
];

/** A table whose rule is looked at when a transaction commits, so that a test can make one fail. */
async function promises(storage: Storage): Promise<void> {
  await sql`create table promises (account text references accounts (id) deferrable initially deferred)`.execute(
    storage.writer,
  );
}

/** The same storage, whose next commit fails as it does on a full disk. */
function failingOnce(storage: Storage): Storage {
  let failures = 1;
  return {
    ...storage,
    write: (work) =>
      storage.write(async (tx) => {
        if (failures-- > 0) await sql`insert into promises values ('nobody')`.execute(tx.db);
        return work(tx);
      }),
  };
}

/** Something that is the same within one transaction: PostgreSQL's own number; for SQLite what a reader counts of the writer's commits. */
async function transactionOf(storage: Storage, db: Storage['db']): Promise<string> {
  const { rows } = await (storage.dialect === 'postgres'
    ? sql<{ id: string }>`select txid_current()::text as id`.execute(db)
    : sql<{ id: string }>`select cast(data_version as text) as id from pragma_data_version`.execute(storage.db));
  return rows[0]?.id ?? '';
}
