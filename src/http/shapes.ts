import { z } from 'zod';
import { LIMITS } from '#core/limits.ts';
import { ROLES } from '#core/roles.ts';

/** The bodies that leave and enter, as `/openapi.json` describes them. Every body that enters is strict: an unknown field is refused. */
const id = z.string().max(100);
const time = z.iso.datetime();

/** Text of one line, trimmed, of at least one character. */
export const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, 'must be one line of text');

/** Why a moderator does something: a line for the log, or nothing. */
export const Reason = z
  .string()
  .trim()
  .max(LIMITS.reasonText)
  .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, 'must be one line of text');

export const Account = z.object({ id, username: z.string(), name: z.string() });
export const Author = z.object({ id, name: z.string(), kind: z.enum(['person', 'bot']) });
export const Table = z.object({
  title: z.string().optional(),
  columns: z.array(z.object({ name: z.string(), numeric: z.boolean().optional() })),
  rows: z.array(z.array(z.string())),
});
export const Picture = z.object({ url: z.string(), alt: z.string(), width: z.number(), height: z.number() });
export const Message = z.object({
  id,
  seq: z.number(),
  room: id,
  author: Author,
  text: z.string(),
  table: Table.optional(),
  pictures: z.array(Picture).optional(),
  cause: z.object({ account: id, name: z.string(), text: z.string() }).optional(),
  mentions: z.array(id).optional(),
  createdAt: time,
  editedAt: time.optional(),
});
export const Reply = z.object({
  text: z.string(),
  table: Table.optional(),
  pictures: z.array(Picture).optional(),
  private: z.boolean(),
});
export const Room = z.object({
  slowSeconds: z.number(),
  id,
  name: z.string(),
  topic: z.string(),
  private: z.boolean(),
  community: id,
  seq: z.number(),
  read: z.number(),
  mentions: z.number(),
});
export const Community = z.object({ id, name: z.string(), role: z.enum(ROLES) });
const rate = z.object({ uses: z.number(), perSeconds: z.number() });
export const CommandRules = z.object({
  name: z.string(),
  summary: z.string(),
  on: z.boolean(),
  allow: z.union([z.enum(ROLES), z.array(z.string())]).describe('the least role, or these people alone'),
  cooldownSeconds: z.number().nullable(),
  limit: rate,
  symbol: z.string().nullable().describe('before its name on Twitch; null: the channel’s own'),
  declared: z.object({ allow: z.enum(ROLES), limit: rate }),
});
export const Space = z.object({
  id,
  platform: z.string(),
  platformId: z.string(),
  name: z.string(),
  symbol: z.string().nullable(),
  seenAt: time,
});
export const Person = z.object({ id, username: z.string(), name: z.string(), role: z.enum(ROLES) });
export const MembersPage = z.object({
  members: z.array(
    Person.extend({
      joinedAt: time,
      lastSeenAt: time.nullable().optional().describe('for moderators and up'),
      identities: z
        .array(z.object({ platform: z.string(), name: z.string() }))
        .optional()
        .describe('the same'),
    }),
  ),
  counts: z.record(z.enum(ROLES), z.number()).describe('of the whole community'),
  next: z.string().nullable().describe('what `after` takes for the next page'),
});
export const SecretList = z.object({
  secrets: z.array(
    z.object({
      purpose: z.string(),
      setAt: time,
      lastUsedAt: time.nullable(),
      lastUsedBy: z.string().nullable().describe('check, or the service that was asked with it'),
      lost: z.literal(true).optional().describe('only where the vault has not the key that sealed it'),
    }),
  ),
  vault: z.object({ state: z.enum(['ready', 'away', 'no-key']), why: z.string().optional() }),
});
export const Identity = z.object({
  platform: z.string(),
  platformId: z.string(),
  name: z.string(),
  proof: z.enum(['code', 'oauth']),
  linkedAt: time,
});
export const LinkWay = z.object({
  platform: z.string(),
  code: z.boolean().describe('the bot is there, and takes the command link'),
  oauth: z.boolean().describe('the platform can be asked: GET /v1/me/identities/{platform}/link'),
});
export const Invite = z.object({
  id,
  code: z.string(),
  url: z.string(),
  role: z.enum(ROLES),
  uses: z.number(),
  used: z.number(),
  expiresAt: time.nullable(),
  createdAt: time,
  by: z.string().nullable(),
});
export const Session = z.object({
  id,
  device: z.string(),
  createdAt: time,
  lastSeenAt: time,
  idleExpiresAt: time.describe('where it is not used any more'),
  shared: z.boolean().describe('opened on a shared computer'),
  current: z.boolean(),
});
export const Me = z.object({ account: Account, operator: z.boolean(), communities: z.array(Community) });
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  fault: z.enum(['caller', 'platform', 'ours']),
  rule: z.string().optional(),
  wrong: z.record(z.string(), z.string()).optional().describe('by field, what is wrong with it'),
});
export const Nothing = z.null().describe('no content');

export const IdParams = z.object({ id });
/** Counted in characters later; a character is at most two units of a string. */
export const MessageText = z
  .string()
  .min(1)
  .max(LIMITS.messageText * 2);
