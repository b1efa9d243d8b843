import { endedAmong, touch } from '#auth/sessions.ts';
import { announce } from '#chat/chat.ts';
import { every } from '#core/every.ts';
import { LIMITS } from '#core/limits.ts';
import type { App } from '#http/app.ts';
import type { Hall } from '#http/hall.ts';
import { AnswersInOrder } from './answers-in-order.ts';
import { HEAL_EVERY, Healing } from './healing.ts';
import { Hub } from './hub.ts';
import { LookAgain } from './look-again.ts';
import { fewLooks, fewReads, readPage } from './reads.ts';
import { takeOutUnseen } from './sight.ts';

/** The hub of a hall, with what keeps its connections right: pings, sessions that end, and what other halls said and was lost. */
export function keepHub(app: App, hall: Hall): Hub {
  const { chat, id, shared } = hall;
  const reading = fewReads();
  const failed = (what: string) => (error: unknown) => app.log.error({ err: error }, what);
  const answers = new AnswersInOrder({
    answer: (request) => hall.commands.answer(request),
    few: reading,
    tell: (socket, frame) => hub.tell(socket, frame),
    onError: failed('an answer that did not come was not looked for'),
  });
  const hub: Hub = new Hub({
    read: (room, after) => reading(() => readPage(chat, room, after)),
    ...(shared && { among: { id, announce: (event) => announce(chat, event) } }),
    onLost: (since) => again.lost(since),
    answer: (socket, request, frame) => answers.take(socket, request, frame),
  });
  // Places of its own: ten thousand connections that look again must not keep a room waiting for what it misses.
  const again = new LookAgain({ hall, hub, few: fewLooks(), onError: failed('what may be lost was not looked for') });
  const stops = [
    every(LIMITS.heartbeat * 1_000, async () => ping(hub), failed('connections not asked')),
    every(CHECK_MS, () => check(hall, hub), failed('connections not checked')),
  ];
  if (mayLose(hall)) {
    const healing = new Healing({ hall, hub, answers, few: reading });
    stops.push(every(HEAL_EVERY, () => healing.round(), failed('numbers of rooms not compared')));
  }
  app.addHook('onReady', async () => hub.start());
  app.addHook('preClose', () => {
    for (const stop of stops) stop();
    again.stop();
    hub.stop('the hall stops');
  });
  return hub;
}

/** ms between two looks at sessions, and at who may follow which room. */
const CHECK_MS = 10_000;
/** Sessions that one query names. */
const CHUNK = 500;

/** Where something may be stored and its announcement not come: with other halls, or with a database whose answer may be lost. */
function mayLose({ shared, chat }: Hall): boolean {
  return shared === true || chat.storage.dialect === 'postgres';
}

function ping(hub: Hub): void {
  for (const socket of hub.sockets) socket.beat();
}

async function check(hall: Hall, hub: Hub): Promise<void> {
  await checkSessions(hall, hub);
  if (hall.shared) await takeOutUnseen(hall, hub);
}

/** Ends connections whose session ended in another process, and notes that the others are in use. */
async function checkSessions(hall: Hall, hub: Hub): Promise<void> {
  const ids = [...new Set([...hub.sockets].map(({ session }) => session.id))];
  for (let start = 0; start < ids.length; start += CHUNK) {
    const some = ids.slice(start, start + CHUNK);
    const ended = await endedAmong(hall.auth, some);
    if (ended.length > 0) hub.deliver({ kind: 'session-ended', sessions: ended });
    await touch(hall.auth, some);
  }
}
