import { z } from 'zod';
import { LIMITS } from '#core/limits.ts';

const id = z.string().min(1).max(100);
const clientId = z.string().min(1).max(LIMITS.clientId);

/** What a live client may say. */
const FrameIn = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('subscribe'), room: id, after: z.int().min(0).optional() }),
  z.strictObject({ type: z.literal('unsubscribe'), room: id }),
  z.strictObject({
    type: z.literal('post'),
    room: id,
    text: z
      .string()
      .min(1)
      .max(LIMITS.messageText * 2),
    clientId,
  }),
  z.strictObject({ type: z.literal('typing'), room: id }),
]);

/** The kinds there are. */
export const FRAME_TYPES = FrameIn.options.map(({ shape }) => shape.type.value);

export type FrameIn = z.infer<typeof FrameIn>;

export type ReadFrame = { ok: true; frame: FrameIn } | { ok: false; detail: string; clientId?: string };

/** Reads one frame's text. What is wrong is told, with the clientId where one can be made out. */
export function readFrame(text: string): ReadFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, detail: 'A frame must be one JSON object.' };
  }
  const read = FrameIn.safeParse(value);
  if (read.success) return { ok: true, frame: read.data };
  const given = clientId.safeParse((value as { clientId?: unknown } | null)?.clientId);
  const [issue] = read.error.issues;
  const field = issue?.path.join('.');
  return {
    ok: false,
    detail: field ? `${field}: ${issue?.message}` : (issue?.message ?? 'unknown frame'),
    ...(given.success && { clientId: given.data }),
  };
}
