import { z } from 'zod';
import { LIMITS } from '#core/limits.ts';
import { WORD_ACTS } from '#core/word-list.ts';
import { OUTCOMES } from '#chat/report.ts';

/** The bodies about order in the house, as `/openapi.json` describes them. */
const id = z.string().max(100);
const time = z.iso.datetime();
const Who = z.object({ id, name: z.string() });

/** `after`: the id of the last one of the page before. */
export const PageQuery = z.strictObject({
  after: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.orderPage).default(LIMITS.orderDefault),
});
export const Standing = z.object({ kind: z.enum(['mute', 'ban']), reason: z.string(), until: time.nullable() });
export const LockDown = z.object({ since: time, until: time.nullable() });
export const Done = z.object({ id, name: z.string(), platforms: z.array(z.string()) });
export const Sanction = z.object({
  id,
  kind: z.enum(['mute', 'kick', 'ban']),
  person: Who,
  reason: z.string(),
  by: id.nullable(),
  madeAt: time,
  until: time.nullable(),
  liftedAt: time.nullable(),
});
export const WordRule = z.object({ id, words: z.string(), act: z.enum(WORD_ACTS), madeAt: time });
export const Report = z.object({
  id,
  message: id,
  room: z.object({ id, name: z.string().nullable() }),
  author: Who.nullable(),
  text: z.string(),
  reason: z.string(),
  by: Who,
  madeAt: time,
  outcome: z.enum(OUTCOMES).nullable(),
  settledAt: time.nullable(),
  there: z
    .object({
      platform: z.string(),
      place: z.string().nullable(),
      name: z.string(),
      platformId: z.string().nullable(),
      said: z.boolean(),
    })
    .optional(),
});
export const HeldMessage = z.object({
  id,
  room: Who,
  author: Who,
  text: z.string(),
  why: z.enum(['words', 'lockdown']),
  at: time,
});
export const ModerationEntry = z.object({
  id,
  at: time,
  action: z.string(),
  by: Who.nullable(),
  subject: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  result: z.string(),
});
