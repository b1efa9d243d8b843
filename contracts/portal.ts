import type { Role } from './web.ts';

/** Bodies of `/v1/…` that the portal alone asks for. Types only, as in `web.ts`. */

/** `GET /v1/operator/overview`. `name`: such as `discord` or `redis`. */
export type SeenPart = {
  name: string;
  state: 'up' | 'standby' | 'starting' | 'silent' | 'refused' | 'down' | 'off';
  why?: string;
};
export type SeenProcess = {
  id: string;
  role: string;
  version: string;
  state: 'live' | 'troubled' | 'silent';
  startedAt: string;
  seenAt: string;
  parts: SeenPart[];
  /** Bytes, and per cent of its time. */
  memory: MinuteFigures;
  busy: MinuteFigures;
};
/** Of the last 60 minutes, the present one last; null where nothing was noted. */
export type MinuteFigures = (number | null)[];
export type SeenEngine = SeenPart & { version?: string; bytes?: number; answersMs?: number };
/** Queues: `jobs`, or `outbox.` and a channel. */
export type InstanceOverview = {
  version: string;
  node: string;
  schema: number;
  processes: SeenProcess[];
  since: string;
  waited: { jobs: MinuteFigures; outbox: MinuteFigures };
  queues: { name: string; waiting: number; oldest: string | null }[];
  engines: SeenEngine[];
  backup: { at: string; bytes: number } | null;
};
export type DeadJob = { id: string; job: string; reason: string | null; attempts: number; failedAt: string | null };

/** A command as it holds in a community, beside what it declares. `allow`: the least role, or these people alone. */
export type CommandRules = {
  name: string;
  summary: string;
  on: boolean;
  allow: Role | string[];
  cooldownSeconds: number | null;
  limit: { uses: number; perSeconds: number };
  symbol: string | null;
  declared: { allow: Role; limit: { uses: number; perSeconds: number } };
};
/** What is absent stays; null goes back to what the command declares. */
export type CommandChange = {
  on?: boolean | null;
  allow?: Role | string[] | null;
  cooldownSeconds?: number | null;
  limit?: { uses: number; perSeconds: number } | null;
  symbol?: string | null;
};
/** `open`: it cannot be told before it is used. */
export type RuleMet = {
  rule: 'house' | 'account' | 'on' | 'who' | 'pace';
  state: 'passes' | 'refuses' | 'open';
  says?: string;
  change?: string;
};
export type WhyRefused = { rules: RuleMet[]; last: { at: string; result: string } | null };

/** A feature of the hall; `settings` where a community may set something about it, `changed`: how much of it. */
export type ListedFeature = {
  name: string;
  commands: string[];
  settings: { title: string; about: string; fields: number; changed: number } | null;
};
export type SettingValue = string | number | boolean | string[];
/** One thing to set. Of a role, `choices` are those that the community's places have. */
export type FeatureField = {
  name: string;
  kind: 'text' | 'number' | 'choice' | 'switch' | 'words' | 'role';
  label: string;
  help: string;
  value: SettingValue;
  declared: SettingValue;
  choices?: { value: string; label: string }[];
  least?: number;
  most?: number;
  unit?: string;
  lines?: true;
  blanks?: string[];
};
export type FeatureSettings = {
  feature: string;
  title: string;
  about: string;
  version: number;
  fields: FeatureField[];
};
/** What is absent stays; null goes back to what the feature declares. `version`: of what was looked at, else 409. */
export type FeatureChange = { version: number; values: Record<string, SettingValue | null> };
