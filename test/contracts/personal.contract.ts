import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { sweepErased, eraseAccount } from '#auth/erase-account.ts';
import { exportAccount, type PersonalParts } from '#auth/export-account.ts';
import type { Forgetting } from '#core/personal-data.ts';
import { personalData } from '#src/personal-data.ts';
import { readFacts, writeFact } from '#storage/instance.ts';
import type { Storage } from '#storage/storage.ts';
import { fillForPerson, type Filled } from './filled-person.ts';
import type { StorageCase } from './storage.contract.ts';

/** Columns that name a person, or hold what one wrote, by the names that such columns have. */
const A_PERSON =
  /^(account_id|author_id|owner|person|username|email|device|platform_id|allow|subject|text|reason|user|by|cause)$|_by$|(^|_)(user|person|account|author|member|email)(_id|_name)?$/;

/** What has such a name and is no person. */
const NO_PERSON: Record<string, string> = {
  'spaces.platform_id': 'a guild, a workspace or a channel',
  'platform_apps.platform_id': 'an application',
  'secrets.last_used_by': 'check, or the service that was asked',
  'jobs.reason': 'why a job failed, in our words',
};

/** What the database makes of other columns by itself; `list_people` is a view. */
const MADE_OF_OTHERS = /^(message_words(_\w+)?|list_people)\./;

/** What is known of people: told whole, and forgotten whole. */
export const personalContract: StorageCase[] = [
  {
    says: 'every table with a person in it is declared by the part that it belongs to',
    async holds(storage) {
      const declared = new Set<string>();
      for (const { columns } of personalData([]))
        for (const [table, names] of Object.entries(columns))
          for (const name of names) declared.add(`${table}.${name}`);
      const all = (await columnsOf(storage)).filter((column) => !MADE_OF_OTHERS.test(column));
      const found = all.filter((column) => A_PERSON.test(column.slice(column.indexOf('.') + 1)));
      const undeclared = found.filter((column) => !declared.has(column) && !(column in NO_PERSON));
      assert.deepEqual(undeclared, [], 'declare these in a PersonalData, or say in NO_PERSON what they are');
      const gone = [...declared, ...Object.keys(NO_PERSON)].filter((column) => !all.includes(column));
      assert.deepEqual(gone, [], 'these are no columns any more');
    },
  },
  {
    says: 'an export holds everything of a person and nothing that opens anything',
    async holds(storage) {
      const filled = await fillForPerson(storage);
      assert.deepEqual(declaredTables(), filled.tables, 'the person has a row in each declared table');
      const told: object[] = [];
      for await (const row of exportAccount(partsOf(storage), filled.account)) told.push(row);
      const text = JSON.stringify(told);
      assert.deepEqual(
        filled.told.filter((mark) => !text.includes(mark)),
        [],
      );
      assert.deepEqual(
        filled.hidden.filter((mark) => text.includes(mark)),
        [],
      );
      assert.ok(!text.includes('not-theirs'), 'what others wrote, and who reported them, is not theirs');
      assert.match(text, /"created_at":"1970-01-01T00:00:01.000Z"/);
    },
  },
  {
    says: 'a person who is deleted stands nowhere any more but where it is told; the words stay with others’',
    holds: (storage) =>
      forgets(storage, 'keep', [
        'mk-ban-reason',
        'mk-discord',
        ...ON_THE_LIST,
        'mk-message',
        'mk-reported',
        'mk-room',
        'mk-words',
      ]),
  },
  {
    says: 'a person who is deleted with all that they wrote leaves no word of it',
    holds: (storage) =>
      forgets(storage, 'delete', ['mk-ban-reason', 'mk-discord', ...ON_THE_LIST, 'mk-room', 'mk-words']),
  },
  {
    says: 'a deletion answers before large tables are gone through, and is ended by housekeeping, which goes on where it was killed',
    async holds(storage) {
      const filled = await fillForPerson(storage);
      const told = await erase(storage, filled, { messages: 'delete' });
      assert.match(told.goesOn, /gone through now/);
      assert.ok((await marksIn(storage)).includes('mk-message'), 'not yet');
      const parts = partsOf(storage);
      const pieces: string[] = [];
      const [last] = parts.personal.filter(({ sweep }) => sweep).slice(-1);
      const killed = watched(parts, (name) => {
        if (name === last?.name) throw new Error('killed');
        pieces.push(name);
      });
      await assert.rejects(sweepErased(killed), /killed/);
      assert.ok(pieces.length > 0);
      const after: string[] = [];
      assert.deepEqual(await sweepErased(watched(parts, (name) => after.push(name))), [filled.account]);
      assert.deepEqual(after, [last?.name], 'what was done is not done again');
      assert.equal((await readFacts(storage.db, 'erasing ')).size, 0);
      assert.deepEqual(await marksIn(storage), ['mk-ban-reason', 'mk-discord', ...ON_THE_LIST, 'mk-room', 'mk-words']);
    },
  },
  {
    says: 'what somebody wrote goes in many small commits: others write in between',
    async holds(storage) {
      const filled = await fillForPerson(storage);
      const { id: room } = await storage.db.selectFrom('rooms').select('id').executeTakeFirstOrThrow();
      const text = 'one of many';
      const many = Array.from({ length: 1_000 }, (_, n) => ({ id: `msg_${n}`, room_id: room, seq: 1_000 + n, text }));
      const rows = many.map((one) => ({ ...one, author_id: filled.account, created_at: 1 }));
      for (let n = 0; n < rows.length; n += 100)
        await storage.write((tx) =>
          tx.db
            .insertInto('messages')
            .values(rows.slice(n, n + 100))
            .execute(),
        );
      await erase(storage, filled, { messages: 'delete' });
      const left: number[] = [];
      const parts = partsOf(storage);
      const personal = parts.personal.map((part) => ({
        ...part,
        ...(part.name === 'messages' && {
          sweep: async (...piece: Parameters<NonNullable<typeof part.sweep>>) => {
            const next = await part.sweep?.(...piece);
            left.push(
              (await (piece[0] as Storage['db']).selectFrom('messages').select('id').where('text', '=', text).execute())
                .length,
            );
            return next;
          },
        }),
      }));
      await sweepErased({ ...parts, personal });
      const steps = left.map((now, n) => (left[n - 1] ?? rows.length) - now);
      assert.equal(left.at(-1), 0);
      assert.ok(Math.max(...steps) <= 250, steps.join());
    },
  },
  {
    says: 'a hall that stops finishes the piece under way and begins no other; what fails with one person holds up nobody else',
    async holds(storage) {
      const filled = await fillForPerson(storage);
      await erase(storage, filled, { messages: 'delete' });
      const parts = partsOf(storage);
      const stopping = new AbortController();
      const pieces: string[] = [];
      const watching = watched(parts, (name) => {
        pieces.push(name);
        stopping.abort();
      });
      assert.deepEqual(await sweepErased({ ...watching, signal: stopping.signal }), []);
      assert.equal(pieces.length, 1);
      await storage.write((tx) => writeFact(tx.db, 'erasing acct_0', '{"how":{}}'));
      await assert.rejects(sweepErased(parts));
      assert.deepEqual([...(await readFacts(storage.db, 'erasing ')).keys()], ['acct_0']);
    },
  },
];

/** The community's own, and the entry's key where a ban sticks to it. */
const ON_THE_LIST = ['mk-list-id', 'mk-list-key', 'mk-list-mail', 'mk-list-name'];

async function forgets(storage: Storage, messages: Forgetting['messages'], kept: string[]): Promise<void> {
  const filled = await fillForPerson(storage);
  const told = await erase(storage, filled, { messages });
  await sweepErased(partsOf(storage));
  assert.ok(told.kept.every(({ what, why }) => what.endsWith('.') && why.endsWith('.')));
  assert.deepEqual(await marksIn(storage), kept);
  const others = await dump(storage);
  assert.ok(others.includes('not-theirs'), 'what others wrote is there');
  const { username, name } = await storage.db
    .selectFrom('accounts')
    .selectAll()
    .where('id', '=', filled.account)
    .executeTakeFirstOrThrow();
  assert.deepEqual([username, name], [`deleted-${filled.account.toLowerCase()}`, 'Deleted person']);
}

function erase(storage: Storage, { account, username }: Filled, { messages }: Pick<Forgetting, 'messages'>) {
  const session = { id: 'sess_mine', account, username, name: '', operator: false };
  return eraseAccount(partsOf(storage), session, { username, messages, address: '127.0.0.1' });
}

/** Calls `seen` with the part's name in each piece, before it is done. */
function watched(parts: PersonalParts, seen: (part: string) => void): PersonalParts {
  const personal = parts.personal.map((part) => ({
    ...part,
    ...(part.sweep && {
      sweep: async (...piece: Parameters<typeof part.sweep>) => {
        seen(part.name);
        return part.sweep?.(...piece);
      },
    }),
  }));
  return { ...parts, personal };
}

const throttle = { wait: async () => 0, failed: async () => undefined, succeeded: async () => undefined };

function partsOf(storage: Storage): PersonalParts {
  return { storage, clock: Date.now, announce: () => undefined, throttle, personal: personalData([]) };
}

function declaredTables(): string[] {
  return [...new Set(personalData([]).flatMap(({ columns }) => Object.keys(columns)))].toSorted();
}

/** Everything that the marks stand in, in every table and column. */
async function marksIn(storage: Storage): Promise<string[]> {
  return [...new Set((await dump(storage)).match(/\b(mk|hid)-[a-z-]+/g))].toSorted();
}

async function dump(storage: Storage): Promise<string> {
  const tables = new Set((await columnsOf(storage)).map((column) => column.slice(0, column.indexOf('.'))));
  const whole = [];
  for (const table of tables) whole.push(await sql`select * from ${sql.table(table)}`.execute(storage.db));
  return JSON.stringify(whole);
}

/** `table.column` of every table of ours. */
async function columnsOf({ db, dialect }: Storage): Promise<string[]> {
  const ask =
    dialect === 'postgres'
      ? sql<{ of: string; name: string }>`select table_name as "of", column_name as name from information_schema.columns
          where table_schema = 'public'`
      : sql<{
          of: string;
          name: string;
        }>`select t.name as "of", c.name as name from sqlite_schema t, pragma_table_info(t.name) c
          where t.type = 'table'`;
  const { rows } = await ask.execute(db);
  return rows.filter(({ of }) => !/^(kysely|sqlite)_/.test(of)).map(({ of, name }) => `${of}.${name}`);
}
