import type { Generated } from 'kysely';

/** Tables about who is on a community's list, and who proved to be that. Times are ms since 1970. */
export interface VerifyTables {
  /** What a community decided about its gate; no row where it never decided anything. */
  verify_settings: {
    community_id: string;
    /** Since when only verified people speak; null while everybody does. */
    on_at: number | null;
    /** delete: what others write is deleted; role: a role of the platform lets people speak. */
    mode: string;
    /** 1: one answer for all who ask, so that nobody learns who is on the list. */
    neutral: number;
    /** What people are called on platforms once they are verified, with `{name}` for the list's name; null: as they are. */
    nickname: string | null;
    link_minutes: number;
    /** A second account for one entry: refuse, or replace once the first one's person has given it back. */
    second: string;
    /** JSON: the issuer at which people of the list may sign in instead; null for none. */
    oidc: string | null;
    /** JSON: by place (`spaces.id`) the room in which a bare code is taken. */
    welcome: string;
    /** JSON: by place (`spaces.id`) the role that verified people get there. */
    roles: string;
    changed_by: string | null;
    changed_at: number;
    /** Grows with each change. */
    version: number;
  };
  /** Which of a community's lists is in force. A large change is written as a list of its own, which then takes the place of the one before. */
  lists: {
    community_id: string;
    generation: number;
    /** The last one that was begun. */
    newest: number;
    /** Grows with each change. */
    version: number;
    /** 1: rows of other generations may be left. */
    untidy: number;
  };
  /** Rows of all generations. */
  list_rows: ListRow & { generation: number };
  /** A view, for reading: the rows of the list in force. */
  list_people: ListRow;
  /** Lists that were looked through, and wait for a yes. */
  list_imports: {
    id: string;
    community_id: string;
    /** reading, preview, writing, then done or dropped. */
    state: string;
    /** file, http or sql. */
    source: string;
    /** Which database, where it is one. */
    source_name: string | null;
    /** What happens to entries that it does not name: keep; remove; source: those that came from there are removed. */
    missing: string;
    /** The list's version that it was compared with. */
    list_version: number;
    /** As which one it is written. */
    generation: number | null;
    /** JSON: how many are new, changed, the same, removed, bad. */
    counts: string;
    /** JSON: what is wrong with which rows; bounded. */
    report: string;
    made_by: string | null;
    made_at: number;
    state_at: number;
  };
  /** Good rows of an import that waits, and those that it removes. `change`: new, changed, same, removed. */
  list_import_rows: {
    import_id: string;
    key: string;
    change: string;
    user_id: string;
    email: string;
    name: string;
    until: number | null;
  };
  /** The database of the operator's that a community takes its list from. */
  list_sources: {
    community_id: string;
    name: string;
    chosen_by: string | null;
    chosen_at: number;
    /** Since when its changes are taken without asking; null until its first list was looked through and agreed to. */
    agreed_at: number | null;
    asked_at: number | null;
    next_at: number;
    /** JSON: what the last time came to. */
    result: string | null;
  };
  /** When an entry was last written to without having asked. */
  list_reached: { community_id: string; key: string; at: number };
  /** What the links hash to by which somebody says that they want no more such mails. */
  mail_doors: { hash: string; community_id: string; email_hash: string; at: number };
  /** Somebody wants to prove that they are an entry of the list. */
  verify_requests: {
    id: string;
    community_id: string;
    key: string;
    /** An account, or `platform:id`. */
    subject: string;
    /** Where it was asked, and as whom: the platform's own id, or the account. */
    platform: string;
    platform_id: string;
    /** As the person is called there. */
    name: string;
    /** The place there by the platform's own id, and the room; null where there is none. */
    space: string | null;
    room: string | null;
    /** mailing, live, then one of used, denied, replaced, over; waiting: proved, until the one before gives it back. */
    state: string;
    /** Of what the mail holds; null until it is made. */
    link_hash: string | null;
    code_hash: string | null;
    code_tries: Generated<number>;
    created_at: number;
    expires_at: number;
    ended_at: number | null;
  };
  /** Which entry is whom; one that has not ended is in force. `how`: link, code, oidc, moderator. */
  verifications: {
    id: string;
    community_id: string;
    key: string;
    subject: string;
    /** As the person was called. */
    name: string;
    how: string;
    verified_at: number;
    ended_at: number | null;
    /** unlinked, given-back, replaced, removed, expired. */
    why: string | null;
    ended_by: string | null;
  };
  /** Who may ask no more, as those whom the mails reached said too often that it was not them. */
  verify_bars: {
    community_id: string;
    subject: string;
    name: string;
    barred_at: number;
    lifted_at: number | null;
    lifted_by: string | null;
  };
  /** Members whom the gate made guests: what they are again once they are verified, or the gate is open. */
  behind_gate: { community_id: string; account_id: string };
  /** Who was told once what to do before they can speak. `person`: `platform:id`. */
  verify_told: { community_id: string; person: string; at: number };
  /** Addresses that want nothing more of a community but what they ask for. */
  mail_refused: { community_id: string; email_hash: string; at: number };
  /** Letters to everybody on a list who is not verified. `state`: going, done, stopped. `last_key`: how far it is. */
  reach_outs: {
    id: string;
    community_id: string;
    state: string;
    last_key: string;
    sent: number;
    made_by: string | null;
    made_at: number;
  };
  /** Mails that are to be made and sent. `ref`: JSON, ids alone; what lets somebody in is made when it is sent. */
  mail_outbox: {
    id: string;
    kind: string;
    /** Whose mail it is, where that is an account. */
    account_id: string | null;
    ref: string;
    created_at: number;
    due_at: number;
    tries: Generated<number>;
    expires_at: number;
    /** A process has it in hand until then. */
    taken_until: Generated<number>;
  };
}

/** Somebody of a list. `key`: the user id as it is compared. */
interface ListRow {
  community_id: string;
  key: string;
  user_id: string;
  email: string;
  name: string;
  /** What they have ends then; null for never. */
  until: number | null;
  /** Where the row came from: file, http, sql, oidc. */
  source: string;
  changed_at: number;
}
