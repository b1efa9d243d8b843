/** Bodies of `/v1/communities/{id}/verification…`, that the portal asks for. Types only, as in `web.ts`. */

/** `GET`, `PATCH …/verification`; a change names what it changes. */
export type Gate = {
  on: boolean;
  mode: 'delete' | 'role';
  neutral: boolean;
  nickname: string | null;
  linkMinutes: number;
  second: 'refuse' | 'replace';
  /** By the id of a place its own id of a room, or of a role. */
  welcome: Record<string, string>;
  roles: Record<string, string>;
  version: number;
};

export type ProofRequest = {
  id: string;
  userId: string;
  /** An account, or `platform:id`. */
  subject: string;
  name: string;
  platform: string;
  state: 'mailing' | 'live' | 'used' | 'waiting' | 'denied' | 'replaced' | 'over';
  createdAt: string;
  expiresAt: string;
  endedAt: string | null;
};

/** Who is, or was, verified as somebody of the list. */
export type Binding = {
  id: string;
  userId: string;
  /** Null where the entry is gone. */
  listName: string | null;
  subject: string;
  name: string;
  how: 'link' | 'code' | 'oidc' | 'moderator';
  verifiedAt: string;
  endedAt: string | null;
  why: 'unlinked' | 'given-back' | 'replaced' | 'removed' | 'expired' | null;
  banned: boolean;
};

/** `GET …/verification/bars`: who may ask no more. */
export type ProofBar = { subject: string; name: string; barredAt: string };

export type EntryState = 'verified' | 'pending' | 'unverified' | 'denied' | 'banned' | 'over';

/** `GET …/verification/list?state=&query=&after=&limit=` answers `{entries, next}`; `next` null: there is no more. */
export type ListedEntry = {
  user_id: string;
  email: string;
  name: string;
  until: string | null;
  source: string;
  state: EntryState;
  subject: string | null;
  person: string | null;
};
export type EntryPage = { entries: ListedEntry[]; next: string | null };

/** A row of a list as it was read, without how it stands. */
export type ListRow = { user_id: string; email: string; name: string; until: string | null };

/** `line`: of the file. `field` null: the row as a whole. */
export type BadRow = { line: number; field: string | null; why: string };

/**
 * `POST …/verification/imports?missing=keep|remove` (text/csv, application/json) and `GET …/verification/imports/{id}`.
 * `POST …/imports/{id}/confirm {skipBad}` takes it in, `DELETE …/imports/{id}` drops it. `GET …/imports` lists them as `{imports}`.
 */
export type ListImport = {
  id: string;
  state: 'reading' | 'preview' | 'writing' | 'done' | 'dropped';
  source: string;
  sourceName: string | null;
  missing: 'keep' | 'remove' | 'source';
  counts: { added: number; changed: number; same: number; removed: number; bad: number };
  /** The first of them. */
  report: BadRow[];
  sample: { added: ListRow[]; changed: ListRow[]; removed: ListRow[] };
  madeAt: string;
};

/** `GET …/verification/reach-out` (`{reachOut}`, null where there was none), `POST` begins one, `DELETE` stops it. */
export type ReachOut = { id: string; state: 'going' | 'done' | 'stopped'; sent: number; madeAt: string };

/** `GET …/verification/sources` (`{sources}`); `POST …/sources/{name}/sync` asks one now and gives a `ListImport`, `DELETE` leaves it. */
export type ListSource = {
  name: string;
  chosen: boolean;
  agreed: boolean;
  askedAt: string | null;
  nextAt: string | null;
  result: string | null;
};

/** `GET …/verification/overview`. `POST …/verification/test-mail` sends a mail to one's own proved address. */
export type GateOverview = {
  entries: number;
  verified: number;
  pending: number;
  /** Who may ask no more. */
  barred: number;
  /** Members whom the gate made guests, and who would become guests if it were shut now. */
  held: number;
  wouldBe: number;
  /** shown: no server is set, mails are shown where the hall runs. */
  mail: 'smtp' | 'shown';
  /** One's own, where it is proved. */
  address: string | null;
  testMail: { at: string; state: 'going' | 'sent' | 'refused' } | null;
};
