import { enterRoom } from '#chat/chat.ts';
import { readHistory } from '#chat/read-room.ts';
import { showTyping } from '#chat/show-typing.ts';
import { AppError, tooFast } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { Hall } from '#http/hall.ts';
import { textFrame } from './frames.ts';
import { readFrame, type FrameIn } from './frames-in.ts';
import type { Hub, Past } from './hub.ts';
import type { LiveSocket } from './socket.ts';

/** Does what one frame asks. Whatever is wrong with it is answered with an error frame; nothing it asks is done by half. */
export async function handleFrame(hall: Hall, hub: Hub, socket: LiveSocket, text: string): Promise<void> {
  const read = readFrame(text);
  if (!read.ok) return sendError(hub, socket, { code: 'bad-frame', detail: read.detail, clientId: read.clientId });
  try {
    await act(hall, hub, socket, read.frame);
  } catch (error) {
    const known =
      error instanceof AppError
        ? error
        : new AppError({ status: 500, code: 'our-mistake', detail: 'Something here went wrong.', fault: 'ours' });
    sendError(hub, socket, {
      code: known.code,
      detail: known.message,
      clientId: 'clientId' in read.frame ? read.frame.clientId : undefined,
      room: read.frame.room,
    });
    // What is our fault goes on to the log.
    if (known.fault === 'ours') throw known.cause ?? error;
  }
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

async function post(
  hall: Hall,
  hub: Hub,
  socket: LiveSocket,
  frame: Extract<FrameIn, { type: 'post' }>,
): Promise<void> {
  const { room, text, clientId } = frame;
  const wait = hall.rates.take(`post ${socket.session.account}`, hall.settings.limits.post);
  if (wait > 0) throw tooFast(wait);
  const posted = await hall.commands.post(socket.session, { room, text, clientId });
  const answer =
    'command' in posted
      ? { type: 'accepted', clientId, command: posted.command }
      : { type: 'posted', clientId, message: posted.message };
  hub.tell(socket, answer);
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
  const limit = LIMITS.resumeReplay + 1;
  const messages = await readHistory(hall.chat, socket.session, room, { after, limit });
  if (messages.length === limit) return { seq, after, missed: [], gap: true };
  const missed = messages.map((message) => ({
    seq: message.seq,
    frame: textFrame({ type: 'message', room, message }),
  }));
  return { seq, after, missed, gap: false };
}

async function typing(hall: Hall, socket: LiveSocket, room: string): Promise<void> {
  const every = { uses: 1, perSeconds: LIMITS.typingEvery / 1000 };
  if (hall.rates.take(`typing ${socket.session.account} ${room}`, every) > 0) return;
  await showTyping(hall.chat, socket.session, room);
}
