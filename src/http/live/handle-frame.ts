import { enterRoom } from '#chat/chat.ts';
import { readHistory } from '#chat/read-room.ts';
import { showTyping } from '#chat/show-typing.ts';
import { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { whyNotScope } from '#core/permission.ts';
import { needUse } from '#core/rate.ts';
import type { Scope } from '#core/scopes.ts';
import type { Hall } from '#http/hall.ts';
import { messageFrame, type Past, type RoomFrame } from './feed.ts';
import { readFrame, type FrameIn } from './frames-in.ts';
import type { Hub } from './hub.ts';
import type { LiveSocket } from './socket.ts';

/** Does what one frame asks. Whatever is wrong with it is answered with an error frame; nothing it asks is done by half. */
export async function handleFrame(hall: Hall, hub: Hub, socket: LiveSocket, text: string): Promise<void> {
  const read = readFrame(text);
  if (!read.ok) return sendError(hub, socket, { code: 'bad-frame', detail: read.detail, clientId: read.clientId });
  const { frame } = read;
  if (frame.type === 'post' || frame.type === 'typing')
    return answered(hub, socket, frame, act(hall, hub, socket, frame));
  // Following and leaving rooms keeps its order, and one connection reads one room's past at a time.
  const turn = socket.inTurn(() => answered(hub, socket, frame, act(hall, hub, socket, frame)));
  if (turn) return turn;
  sendError(hub, socket, { code: 'too-fast', detail: 'Too many rooms at once.', room: frame.room });
}

async function answered(hub: Hub, socket: LiveSocket, frame: FrameIn, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    const known = error instanceof AppError ? error : ourMistake(error);
    const clientId = 'clientId' in frame ? frame.clientId : undefined;
    sendError(hub, socket, { code: known.code, detail: known.message, clientId, room: frame.room });
    if (known.fault === 'ours') socket.onFailure?.(known.cause ?? error);
  }
}

function ourMistake(cause: unknown): AppError {
  const error = new AppError({ status: 500, code: 'our-mistake', detail: 'Something here went wrong.', fault: 'ours' });
  error.cause = cause;
  return error;
}

interface FrameError {
  code: string;
  detail: string;
  clientId?: string | undefined;
  room?: string;
}

export function sendError(hub: Hub, socket: LiveSocket, error: FrameError): void {
  hub.tell(socket, { type: 'error', ...error });
}

async function act(hall: Hall, hub: Hub, socket: LiveSocket, frame: FrameIn): Promise<void> {
  const refusal = whyNotScope(socket.session.scopes, SCOPES[frame.type]);
  if (refusal) throw refusal;
  switch (frame.type) {
    case 'post':
      return post(hall, hub, socket, frame);
    case 'subscribe':
      return subscribe(hall, hub, socket, frame);
    case 'unsubscribe':
      return hub.leave(socket, frame.room);
    case 'typing':
      return typing(hall, socket, frame.room);
  }
}

/** What each frame asks of a token; a line that is a command asks for more. */
const SCOPES: Record<FrameIn['type'], Scope> = {
  subscribe: 'read',
  unsubscribe: 'read',
  post: 'post',
  typing: 'post',
};

async function post(
  hall: Hall,
  hub: Hub,
  socket: LiveSocket,
  frame: Extract<FrameIn, { type: 'post' }>,
): Promise<void> {
  const { room, text, clientId } = frame;
  const turn = socket.postTurn();
  let posted: Awaited<ReturnType<Hall['commands']['post']>>;
  try {
    await needUse(hall.rates, `post ${socket.session.account}`, hall.settings.limits.post);
    posted = await hall.commands.post(socket.session, { room, text, clientId, turn });
  } finally {
    turn.pass();
  }
  if ('command' in posted) socket.asked?.ask({ id: posted.command, room, text: posted.asked });
  hub.tell(socket, answerTo(posted, { room, clientId }));
}

function answerTo(
  posted: Awaited<ReturnType<Hall['commands']['post']>>,
  { room, clientId }: { room: string; clientId: string },
): unknown {
  if ('command' in posted) return { type: 'accepted', clientId, command: posted.command };
  if (posted.held) return { type: 'held', room, clientId };
  return { type: 'posted', clientId, message: posted.message };
}

async function subscribe(
  hall: Hall,
  hub: Hub,
  socket: LiveSocket,
  frame: Extract<FrameIn, { type: 'subscribe' }>,
): Promise<void> {
  const { room, after } = frame;
  if (socket.rooms.size >= LIMITS.roomsPerSocket)
    throw new AppError({
      status: 409,
      code: 'too-many-rooms',
      detail: `One connection follows at most ${LIMITS.roomsPerSocket} rooms.`,
    });
  await hub.join(socket, room, () => readPast(hall, socket, room, after));
}

async function readPast(hall: Hall, socket: LiveSocket, room: string, after: number | undefined): Promise<Past> {
  const { seq } = await enterRoom(hall.chat, socket.session, room, 'room.read');
  if (after === undefined || after >= seq) return { seq, after: seq, missed: [], gap: false };
  await needUse(hall.rates, `read ${socket.session.account}`, hall.settings.limits.read);
  const missed = await readMissed(hall, socket, { room, after });
  return missed ? { seq, after, missed, gap: false } : { seq, after, missed: [], gap: true };
}

/** What came after a number; undefined where it is more than is replayed, in messages or in bytes. Read by pages, so that little is read in vain. */
async function readMissed(
  hall: Hall,
  socket: LiveSocket,
  { room, after }: { room: string; after: number },
): Promise<RoomFrame[] | undefined> {
  const limit = LIMITS.historyDefault;
  const missed: RoomFrame[] = [];
  let bytes = 0;
  for (let from = after; ; from = missed.at(-1)?.seq ?? from) {
    const page = await readHistory(hall.chat, socket.session, room, { after: from, limit });
    for (const message of page) {
      const one = messageFrame(room, message);
      bytes += one.frame.length;
      missed.push(one);
    }
    if (missed.length > LIMITS.resumeReplay || bytes > LIMITS.socketBacklog) return undefined;
    if (page.length < limit) return missed;
  }
}

async function typing(hall: Hall, socket: LiveSocket, room: string): Promise<void> {
  await showTyping(hall.chat, socket.session, room, () => {
    const now = performance.now();
    if (now - socket.typedAt < LIMITS.typingEvery) return false;
    socket.typedAt = now;
    return true;
  });
}
