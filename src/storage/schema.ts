import type { Generated } from 'kysely';
import type { OrderTables } from './order-schema.ts';
import type { PeopleTables } from './people-schema.ts';
import type { VerifyTables } from './verify-schema.ts';

/** All tables. Times are ms since 1970, flags 0 or 1, JSON is text: the same on SQLite and PostgreSQL. */
export interface Schema extends PeopleTables, OrderTables, VerifyTables {
  communities: {
    id: string;
    name: string;
    created_at: number;
    /** JSON: what the community set for itself, such as its lock-down. */
    settings: string | null;
    made_by: string | null;
    /** Nobody is in it any more; what is left of it goes bit by bit. */
    ended_at: number | null;
    /** Grows with each change of what may be said here; 0 where there never was one. */
    order_seq: Generated<number>;
  };
  members: { community_id: string; account_id: string; role: string; joined_at: number };
  invites: {
    id: string;
    community_id: string;
    code_hash: string;
    /** Kept readable for invites that members share; null for the owner's one-time link. */
    code: string | null;
    role: string;
    uses: number;
    used: number;
    expires_at: number | null;
    created_by: string | null;
    created_at: number;
  };
  rooms: {
    id: string;
    community_id: string;
    name: string;
    topic: string;
    private: number;
    seq: number;
    created_by: string;
    created_at: number;
    deleted_at: number | null;
    /** Seconds between two posts of one person; 0 for none. */
    slow_seconds: Generated<number>;
  };
  room_members: { room_id: string; account_id: string };
  messages: {
    room_id: string;
    seq: number;
    id: string;
    author_id: string | null;
    text: string;
    /** JSON: table, pictures, cause, mentions. */
    extra: string | null;
    client_id: string | null;
    created_at: number;
    edited_at: number | null;
    deleted_at: number | null;
  };
  reads: { account_id: string; room_id: string; seq: number };
  mentions: { account_id: string; room_id: string; seq: number };
  /** `request`: what the first delivery became; `digest`: of what it asked. */
  inbox: { id: string; request: string; digest: string; at: number };
  deliveries: { id: string; at: number };
  outbox: { n: Generated<number>; channel: string; body: string; created_at: number };
  answers: { id: string; account_id: string; state: string; reply: string | null; created_at: number };
  jobs: {
    id: string;
    name: string;
    payload: string;
    request: string;
    state: string;
    attempts: number;
    reason: string | null;
    created_at: number;
    failed_at: number | null;
  };
  command_settings: {
    community_id: string;
    command: string;
    is_on: number;
    /** A role, or people as a JSON array; null as declared. */
    allow: string | null;
    /** JSON: cooldownSeconds, limit, symbol. */
    settings: string | null;
  };
  /** What a community chose of a feature: JSON, by field, what differs from what is declared. `version` grows with each change. */
  feature_settings: { community_id: string; feature: string; chosen: string; version: number };
  /** Uses that a community's own cooldown or limit counts. `person`: an account, or `platform:id`. */
  command_uses: {
    community_id: string;
    command: string;
    person: string;
    window_start: number;
    used: number;
    last_at: number;
  };
  spaces: {
    id: string;
    community_id: string;
    platform: string;
    /** The platform's own id of the guild, workspace or channel. */
    platform_id: string;
    name: string;
    symbol: string | null;
    seen_at: number;
    /** The account that proved that it is theirs to connect; null where it came by itself. */
    connected_by: string | null;
    /** Since when the roles of its people count here; null where nobody vouched for it. */
    connected_at: number | null;
    /** The community's own application that serves it; null for the operator's bot. */
    app_id: string | null;
    /** The bot was removed from it. */
    gone_at: number | null;
    /** JSON: the roles that people may have there, `[{id, name}]`, where the platform tells. */
    platform_roles: string | null;
  };
  /** What a platform's role is worth here. `platform_role`: the platform's id of it, or a name such as `administrator`. */
  role_mappings: { community_id: string; platform: string; platform_role: string; role: string };
  /** Applications of communities: another Slack workspace, a Discord application. Their tokens are sealed secrets. */
  platform_apps: {
    id: string;
    community_id: string;
    platform: string;
    platform_id: string;
    name: string;
    state: string;
    why: string | null;
    created_by: string | null;
    created_at: number;
  };
  audit: {
    id: string;
    community_id: string | null;
    account_id: string | null;
    action: string;
    subject: string | null;
    detail: string | null;
    at: number;
    /** The identity that did it, where it was not an account here. */
    platform: string | null;
    platform_id: string | null;
    /** Where: a room's id, or `platform:room`. */
    place: string | null;
    /** `done`, or the code of the refusal. */
    result: string | null;
  };
  /** Messages of all rooms of a community in an hour, which is given by its begin. */
  activity: { community_id: string; hour: number; posts: number };
  /** Jobs that waited in a minute, which is given by its begin; no row where none did. */
  /** `of_what`: a process, or `instance`. */
  minute_figures: { of_what: string; name: string; minute: number; figure: number };
  waiting_jobs: { community_id: string; minute: number; jobs: number };
  instance: { key: string; value: string };
  /** `owner`: an account, a community, or `platform:id`. `sealed`: for the vault alone; `key_id`: the key that opens it. */
  secrets: {
    owner: string;
    purpose: string;
    sealed: string;
    key_id: string;
    set_at: number;
    last_used_at: number | null;
    last_used_by: string | null;
  };
  /** What only one process may do at a time. `until`: by the database's clock. */
  leases: { name: string; holder: string; until: number };
  /** Processes that run, or ran until lately. Times by the database's clock; `health`: JSON. */
  processes: {
    id: string;
    role: string;
    version: string;
    health: string;
    started_at: number;
    seen_at: number;
  };
}
