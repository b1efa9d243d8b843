import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { DONE, record } from '#storage/audit.ts';
import {
  auditQuery,
  deleteOldAudit,
  everyNameOf,
  pageOfAudit,
  type AuditAsked,
  type AuditRow,
} from '#storage/audit-pages.ts';
import type { Storage } from '#storage/storage.ts';
import { somebody } from './fixtures.ts';
import type { StorageCase } from './storage.contract.ts';

/** Who did what, as it is written down and read again. */
export const auditContract: StorageCase[] = [
  {
    says: 'the audit is read newest first, and what is written meanwhile moves no page',
    async holds(storage) {
      for (let n = 0; n < 25; n++) await note(storage, { subject: `s${n}`, at: 100 + Math.floor(n / 3) });
      const seen: AuditRow[] = [];
      for (let after: AuditRow | undefined; ;) {
        const page = await pageOfAudit(storage.db, { community: 'comm_a', limit: 4, ...(after && { after }) });
        if (page.length === 0) break;
        seen.push(...page);
        after = page.at(-1);
        await note(storage, { subject: 'meanwhile', at: 1_000 });
      }
      assert.deepEqual(
        seen.map(({ subject }) => subject).toSorted(),
        Array.from({ length: 25 }, (_, n) => `s${n}`).toSorted(),
      );
      assert.deepEqual(
        seen.map(({ at }) => at),
        seen.map(({ at }) => at).toSorted((a, b) => b - a),
      );
    },
  },
  {
    says: 'an entry tells the account, who it was elsewhere, where, and with what result',
    async holds(storage) {
      await note(storage, { account: 'acct_1', identity: 'discord:5', place: 'discord:77', result: 'too-fast' });
      await note(storage, { account: 'twitch:8', at: 1 });
      const [first, second] = await pageOfAudit(storage.db, { community: 'comm_a', limit: 5 });
      assert.deepEqual(
        [first?.account, first?.platform, first?.platformId, first?.place, first?.result],
        ['acct_1', 'discord', '5', 'discord:77', 'too-fast'],
      );
      assert.deepEqual(
        [second?.account, second?.platform, second?.platformId, second?.result],
        ['twitch:8', 'twitch', '8', DONE],
      );
    },
  },
  {
    says: 'the audit can be asked by person, action, kind, thing, result and time; never over the border of a community',
    async holds(storage) {
      await note(storage, { account: 'acct_1', action: 'command.stock', subject: 'a', at: 10 });
      await note(storage, { account: 'acct_2', action: 'command.help', subject: 'b', at: 20, result: 'too-fast' });
      await note(storage, { account: 'acct_1', action: 'room.create', subject: 'c', at: 30 });
      await note(storage, { community: 'comm_b', account: 'acct_1', action: 'room.create', subject: 'd', at: 40 });
      await note(storage, { community: null, account: 'acct_1', action: 'secret.set', subject: 'e', at: 50 });
      const ask = async (asked: Partial<AuditAsked>): Promise<string> => {
        const rows = await pageOfAudit(storage.db, { community: 'comm_a', limit: 10, ...asked });
        return rows.map(({ subject }) => subject).join('');
      };
      assert.equal(await ask({}), 'cba');
      assert.equal(await ask({ who: ['acct_1', 'discord:5'] }), 'ca');
      assert.equal(await ask({ actions: ['room.create', 'command.help'] }), 'cb');
      assert.equal(await ask({ prefix: 'command.' }), 'ba');
      assert.equal(await ask({ subject: 'b' }), 'b');
      assert.equal(await ask({ changes: true }), 'c');
      assert.equal(await ask({ refused: true }), 'b');
      assert.equal(await ask({ refused: false }), 'ca');
      assert.equal(await ask({ from: 20, to: 30 }), 'b');
      assert.equal(await ask({ who: ['acct_1'], prefix: 'command.', to: 11 }), 'a');
      assert.equal(await ask({ community: null }), 'e');
    },
  },
  {
    says: 'the last changes are found however many commands were used since',
    async holds(storage) {
      await note(storage, { action: 'command.settings', subject: 'stock', at: 1 });
      await note(storage, { action: 'room.create', subject: 'c', at: 2 });
      for (let n = 0; n < 30; n++) await note(storage, { at: 10 + n });
      const rows = await pageOfAudit(storage.db, { community: 'comm_a', changes: true, limit: 5 });
      assert.deepEqual(
        rows.map(({ subject }) => subject),
        ['c', 'stock'],
      );
    },
  },
  {
    says: 'a person is found by the account and by each identity alike',
    async holds(storage) {
      const { account } = await somebody(storage, 'ann');
      await storage.writer
        .insertInto('identities')
        .values({
          platform: 'discord',
          platform_id: '5',
          account_id: account,
          name: 'ann',
          proof: 'code',
          linked_at: 1,
        })
        .execute();
      assert.deepEqual(await everyNameOf(storage.db, account), [account, 'discord:5']);
      assert.deepEqual(await everyNameOf(storage.db, 'discord:5'), [account, 'discord:5']);
      assert.deepEqual(await everyNameOf(storage.db, 'slack:U9'), ['slack:U9']);
    },
  },
  {
    says: 'old entries go some at a time, and none that is to be kept',
    async holds(storage) {
      await many(storage, 2_500);
      await note(storage, { at: 9_999_999 });
      let pieces = 1;
      while (await storage.write((tx) => deleteOldAudit(tx.db, 9_000_000))) pieces += 1;
      assert.equal(pieces, 3);
      assert.equal((await pageOfAudit(storage.db, { community: 'comm_a', limit: 10 })).length, 1);
    },
  },
  {
    says: 'each way to ask for the audit is read along an index, a page at a time',
    async holds(storage) {
      await many(storage, 20_000);
      await sql`analyze audit`.execute(storage.writer);
      const ways: [index: string, asked: Partial<AuditAsked>][] = [
        ['audit_pages', {}],
        ['audit_pages', { prefix: 'command.' }],
        ['audit_pages', { refused: true, after: { at: 10_000, id: 'evt_1' } }],
        ['audit_(by|pages)', { who: ['acct_7', 'discord:7'] }],
        ['audit_(what|pages)', { actions: ['room.create'] }],
        ['audit_changes', { changes: true }],
        ['audit_changes', { changes: true, after: { at: 10_000, id: 'evt_1' } }],
        ['audit_about', { subject: 's1220' }],
      ];
      for (const [index, asked] of ways) {
        const plan = await planOf(storage, { community: 'comm_a', limit: 50, ...asked });
        assert.match(plan, new RegExp(`\\b${index}\\b`), JSON.stringify(asked));
        assert.doesNotMatch(plan, /Seq Scan|SCAN audit/, JSON.stringify(asked));
      }
    },
  },
];

type Noted = Partial<Parameters<typeof record>[1]>;

function note(storage: Storage, entry: Noted): Promise<void> {
  const whole = { community: 'comm_a', account: 'acct_1', action: 'command.help', at: 100, ...entry };
  return storage.write((tx) => record(tx.db, whole));
}

/** Rows of many people, made by the database itself. */
async function many(storage: Storage, count: number): Promise<void> {
  await sql`
    with recursive n (i) as (select 1 union all select i + 1 from n where i < ${sql.lit(count)})
    insert into audit (id, community_id, account_id, action, subject, at, result)
    select 'evt_' || (1000000 + i), case when i % 20 = 0 then 'comm_a' else 'comm_' || (i % 20) end, 'acct_' || (i % 499),
      case when i % 1000 < 20 then 'room.create' else 'command.stock' end, 's' || i, i,
      case when i % 100 < 10 then 'too-fast' else 'done' end
    from n`.execute(storage.writer);
}

async function planOf(storage: Storage, asked: AuditAsked): Promise<string> {
  const { sql: text, parameters } = auditQuery(storage.writer, asked).compile();
  const how = storage.dialect === 'postgres' ? 'explain' : 'explain query plan';
  const rows = await storage.writer.executeQuery({
    ...auditQuery(storage.writer, asked).compile(),
    sql: `${how} ${text}`,
    parameters,
  });
  return JSON.stringify(rows.rows);
}
