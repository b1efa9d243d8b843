import { newId } from '#core/ids.ts';
import type { Schema } from '#storage/schema.ts';
import type { Storage } from '#storage/storage.ts';
import { roomOf, somebody } from './fixtures.ts';

/** A person who stands in every table that knows people, with a mark in each column that is theirs. */
export interface Filled {
  account: string;
  username: string;
  tables: string[];
  /** Marks that an export must hold, and those that it must not: what opens something. */
  told: string[];
  hidden: string[];
}

type Rows = { [Table in keyof Schema]?: Record<string, unknown>[] };

export async function fillForPerson(storage: Storage): Promise<Filled> {
  const [me, other] = [await somebody(storage, 'mk-username'), await somebody(storage, 'other', 'owner')];
  const room = await roomOf(storage, me);
  const rows = rowsOf({ me: me.account, other: other.account, room: room.id, community: room.community });
  await storage.write(async ({ db }) => {
    const named = { name: 'mk-name', email: 'mk-mail@example.org', password_hash: 'hid-password' };
    await db.updateTable('accounts').set(named).where('id', '=', me.account).execute();
    await db.updateTable('rooms').set({ name: 'mk-room' }).where('id', '=', room.id).execute();
    await db.updateTable('communities').set({ made_by: me.account }).where('id', '=', room.community).execute();
    for (const [table, some] of Object.entries(rows))
      for (const row of some)
        await db
          .insertInto(table as 'reads')
          .values(row as never)
          .execute();
  });
  const text = JSON.stringify(rows);
  const marks = (kind: string): string[] => [...new Set(text.match(new RegExp(`\\b${kind}-[a-z-]+`, 'g')))];
  const filled = [...Object.keys(rows), 'accounts', 'rooms', 'members', 'communities'];
  return {
    account: me.account,
    username: 'mk-username',
    tables: [...new Set(filled)].toSorted(),
    told: ['mk-username', 'mk-name', 'mk-mail', 'mk-room', ...marks('mk')].filter((mark) => mark !== 'mk-asker'),
    hidden: ['hid-password', ...marks('hid')],
  };
}

interface World {
  me: string;
  other: string;
  room: string;
  community: string;
}

const at = 1_000;
/** A year from now, for what must still hold. */
const later = Date.now() + 365 * 86_400_000;

function rowsOf(world: World): Rows {
  return {
    ...peopleRows(world),
    ...placeRows(world),
    ...roomRows(world),
    ...orderRows(world),
    ...workRows(world),
    ...verifyRows(world),
  };
}

function peopleRows({ me }: World): Rows {
  const now = Date.now();
  const session = { account_id: me, created_at: now, last_seen_at: now, expires_at: later };
  return {
    sessions: [{ ...session, id: 'sess_mine', token_hash: 'hid-session', device: 'mk-device', idle_ms: 1 }],
    identities: [
      {
        platform: 'discord',
        platform_id: 'mk-discord',
        account_id: me,
        name: 'mk-there',
        proof: 'code',
        linked_at: at,
      },
    ],
    tokens: [{ id: 'tok_1', account_id: me, name: 'mk-token', token_hash: 'hid-token', scopes: '[]', created_at: at }],
    second_factors: [{ account_id: me, confirmed_at: at, last_step: 1, created_at: at }],
    recovery_codes: [{ account_id: me, code_hash: 'hid-recovery', used_at: null }],
    one_time_codes: [
      { code_hash: 'hid-code', purpose: 'link', account_id: me, name: 'mk-code', expires_at: later, created_at: at },
      {
        code_hash: 'hid-code-there',
        purpose: 'link',
        platform: 'discord',
        platform_id: 'mk-discord',
        name: 'mk-there',
        expires_at: later,
        created_at: at,
      },
    ],
    device_logins: [
      {
        device_hash: 'hid-device',
        user_code_hash: 'hid-user',
        client: 'mk-client',
        scopes: '[]',
        account_id: me,
        state: 'granted',
        expires_at: later,
        created_at: at,
      },
    ],
    secrets: [
      { owner: me, purpose: 'mk-purpose', sealed: 'hid-sealed', key_id: 'key', set_at: at },
      { owner: 'discord:mk-discord', purpose: 'mk-purpose-there', sealed: 'hid-sealed', key_id: 'key', set_at: at },
    ],
  };
}

function placeRows({ me, other, room, community }: World): Rows {
  const of = { community_id: community };
  return {
    room_members: [{ room_id: room, account_id: me }],
    invites: [
      { ...of, id: 'inv_1', code_hash: 'invite', code: 'A', role: 'member', uses: 1, created_by: me, created_at: at },
    ],
    spaces: [
      { ...of, id: 'space_1', platform: 'discord', platform_id: '1', name: 'guild', seen_at: at, connected_by: me },
    ],
    platform_apps: [
      {
        ...of,
        id: 'app_1',
        platform: 'slack',
        platform_id: '1',
        name: 'app',
        state: 'up',
        created_by: me,
        created_at: at,
      },
    ],
    command_settings: [{ ...of, command: 'quiz', is_on: 1, allow: JSON.stringify([me, 'discord:mk-discord', other]) }],
    command_uses: [
      { ...of, command: 'help', person: 'discord:mk-discord', window_start: 1, used: 1, last_at: at },
      { ...of, command: 'help', person: me, window_start: 1, used: 1, last_at: at },
    ],
    word_rules: [{ ...of, id: 'rule_1', words: 'mk-words', act: 'hold', made_by: me, made_at: at }],
    incoming_webhooks: [
      { ...of, id: 'hook_1', room_id: room, name: 'hook', secret_hash: 'hook', made_by: me, made_at: at },
    ],
  };
}

function roomRows({ me, other, room }: World): Rows {
  const cause = { account: 'discord:mk-discord', name: 'mk-asker', text: '/stock mk-message' };
  return {
    messages: [
      { room_id: room, seq: 1, id: newId('msg'), author_id: me, text: 'mk-message', client_id: 'c1', created_at: at },
      { room_id: room, seq: 2, id: newId('msg'), author_id: other, text: 'not-theirs', created_at: at },
      {
        room_id: room,
        seq: 3,
        id: newId('msg'),
        author_id: null,
        text: '126',
        extra: JSON.stringify({ cause }),
        created_at: at,
      },
    ],
    reads: [{ account_id: me, room_id: room, seq: 2 }],
    mentions: [
      { account_id: me, room_id: room, seq: 2 },
      { account_id: other, room_id: room, seq: 1 },
    ],
  };
}

function orderRows({ me, other, room, community }: World): Rows {
  const of = { community_id: community, made_at: at };
  const about = { ...of, kind: 'ban', account_id: me };
  return {
    sanctions: [
      { ...about, id: 'sanc_1', name: 'mk-banned', reason: 'mk-ban-reason', made_by: other, until: later },
      { ...about, id: 'sanc_2', name: 'mk-once', reason: 'mk-over', made_by: other, lifted_at: 2, lifted_by: other },
      {
        ...of,
        id: 'sanc_3',
        kind: 'mute',
        platform: 'slack',
        platform_id: 'U1',
        name: 'them',
        reason: 'not-theirs',
        made_by: me,
      },
    ],
    reports: [
      {
        ...of,
        id: 'rep_1',
        room_id: room,
        message_id: 'msg_1',
        author_id: me,
        text: 'mk-reported',
        reason: 'not-theirs',
        made_by: other,
        settled_by: me,
        platform: 'slack',
        person: 'U1',
        person_name: 'mk-called',
        by_called: 'not-theirs',
      },
      {
        ...of,
        id: 'rep_2',
        room_id: room,
        message_id: 'msg_2',
        author_id: other,
        text: 'not-theirs',
        reason: 'mk-report-reason',
        made_by: me,
        by_called: 'mk-reporter',
      },
    ],
    held_messages: [
      { id: 'held_1', community_id: community, room_id: room, author_id: me, text: 'mk-held', why: 'words', at },
    ],
  };
}

function verifyRows({ me, community }: World): Rows {
  const of = { community_id: community };
  const entry = { key: 'mk-list-key', user_id: 'mk-list-id', email: 'mk-list-mail@example.org', name: 'mk-list-name' };
  const asked = { ...of, key: 'mk-list-key', platform: 'discord', platform_id: 'mk-discord', created_at: at };
  const request = { ...asked, state: 'live', expires_at: later, link_hash: 'hid-link', code_hash: 'hid-proof' };
  const binding = { ...of, how: 'link', verified_at: at };
  return {
    verify_settings: [
      {
        ...of,
        mode: 'role',
        neutral: 0,
        link_minutes: 15,
        second: 'refuse',
        welcome: '{}',
        roles: '{}',
        changed_by: me,
        changed_at: at,
        version: 1,
      },
    ],
    lists: [{ ...of, generation: 1, newest: 1, version: 1, untidy: 0 }],
    list_rows: [{ ...of, ...entry, generation: 1, source: 'file', changed_at: at }],
    list_imports: [
      {
        ...of,
        id: 'imp_1',
        state: 'preview',
        source: 'file',
        missing: 'keep',
        list_version: 1,
        counts: '{}',
        report: '[]',
        made_by: me,
        made_at: at,
        state_at: at,
      },
    ],
    list_import_rows: [{ import_id: 'imp_1', key: 'x', change: 'new', user_id: 'x', email: 'not-theirs', name: 'x' }],
    list_sources: [{ ...of, name: 'shop', chosen_by: me, chosen_at: at, next_at: at }],
    verify_requests: [{ ...request, id: 'ask_1', subject: 'discord:mk-discord', name: 'mk-asks' }],
    verifications: [
      { ...binding, id: 'ver_1', key: 'mk-list-key', subject: me, name: 'mk-verified' },
      { ...binding, id: 'ver_2', key: 'x', subject: 'slack:U1', name: 'not-theirs', ended_at: 2, ended_by: me },
    ],
    verify_bars: [{ ...of, subject: me, name: 'mk-barred', barred_at: at }],
    behind_gate: [{ ...of, account_id: me }],
    verify_told: [{ ...of, person: 'discord:mk-discord', at }],
    reach_outs: [{ ...of, id: 'reach_1', state: 'done', last_key: '', sent: 0, made_by: me, made_at: at }],
    mail_outbox: [
      {
        id: 'mail_1',
        kind: 'x',
        account_id: me,
        ref: '{"email":"mk-new-mail"}',
        created_at: at,
        due_at: at,
        expires_at: at,
      },
    ],
  };
}

function workRows({ me, community }: World): Rows {
  const asked = (account: string) => JSON.stringify({ cause: { account, name: 'mk-asker', text: '/e' } });
  const entry = { community_id: community, action: 'command.help', at, result: 'done' };
  const answer = { state: 'done', created_at: at };
  const job = { name: 'quote', attempts: 1, created_at: at };
  return {
    answers: [
      { ...answer, id: newId('job'), account_id: me, reply: JSON.stringify({ reply: { text: 'mk-answer' } }) },
      { ...answer, id: 'job_there', account_id: 'discord:mk-discord', reply: null },
    ],
    jobs: [
      { ...job, id: 'job_there', payload: '{"a":"mk-payload"}', request: asked('discord:mk-discord'), state: 'done' },
      { ...job, id: 'job_dead', payload: '{}', request: asked(me), state: 'dead' },
    ],
    audit: [
      { ...entry, id: newId('evt'), account_id: me, platform: 'discord', platform_id: 'mk-discord' },
      { ...entry, id: newId('evt'), account_id: 'discord:mk-discord', platform: 'discord', platform_id: 'mk-discord' },
      { ...entry, id: newId('evt'), account_id: me, action: 'identity.link', subject: 'discord:mk-discord' },
      { ...entry, id: newId('evt'), action: 'command.settings', detail: '{"allow":["discord:mk-discord"]}' },
    ],
  };
}
