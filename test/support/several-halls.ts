import { announce, type Chat } from '#chat/chat.ts';
import { postMessage, type Post } from '#chat/post-message.ts';
import { newId } from '#core/ids.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import type { Hall } from '#http/hall.ts';
import { AnswersInOrder } from '#http/live/answers-in-order.ts';
import { Asked } from '#http/live/asked.ts';
import { handleFrame } from '#http/live/handle-frame.ts';
import { Healing } from '#http/live/healing.ts';
import { Hub } from '#http/live/hub.ts';
import { LookAgain } from '#http/live/look-again.ts';
import { fewLooks, fewReads, readPage } from '#http/live/reads.ts';
import { refreshSight, roomsChanged } from '#http/live/sight.ts';
import { LiveSocket } from '#http/live/socket.ts';
import { findAnswer } from '#storage/work.ts';
import type { Storage } from '#storage/storage.ts';
import { freshStorage, type Ends, type Somebody } from '#test/contracts/fixtures.ts';
import { Line, type LineFrame } from './line.ts';
import { LooseBus } from './loose-bus.ts';

/** The live part of one hall process, with the chat that it serves. Healing is done when a test says so. */
export interface LiveHall {
  hall: Hall;
  hub: Hub;
  chat: Chat;
  healing: Healing;
  lookAgain: LookAgain;
  /** What was said to be lost. */
  lost: number[];
}

export interface SeveralHalls {
  storage: Storage;
  bus: LooseBus;
  halls: LiveHall[];
}

/** Halls on one database that hear each other over a bad network. */
export async function severalHalls(t: Ends, count: number): Promise<SeveralHalls> {
  const storage = await freshStorage(t);
  const bus = new LooseBus();
  const halls = Array.from({ length: count }, () => openHall(storage, bus));
  for (const { hub } of halls) hub.start();
  t.after(() => {
    for (const { hub, lookAgain } of halls) {
      lookAgain.stop();
      hub.stop('the test ends');
    }
  });
  return { storage, bus, halls };
}

function openHall(storage: Storage, bus: LooseBus): LiveHall {
  const tell = bus.join((event) => {
    hub.deliver(event);
    if (event.kind === 'rooms') void roomsChanged(hall, hub, event);
  });
  const chat: Chat = { storage, bus: { announce: (_channel, event) => tell(event as never) }, clock: Date.now };
  const hall = hallOf(chat);
  const lost: number[] = [];
  const reading = fewReads();
  const answers = new AnswersInOrder({
    answer: (request) => hall.commands.answer(request),
    few: reading,
    tell: (socket, frame) => hub.tell(socket, frame),
    onError(error) {
      throw error;
    },
  });
  const hub: Hub = new Hub({
    read: (room, after) => reading(() => readPage(chat, room, after)),
    among: { id: hall.id, announce: (event) => announce(chat, event) },
    onLost: (since) => void lost.push(since),
    answer: (socket, request, frame) => answers.take(socket, request, frame),
  });
  const lookAgain = new LookAgain({
    hall,
    hub,
    few: fewLooks(),
    onError(error) {
      throw error;
    },
  });
  return { hall, hub, chat, lost, lookAgain, healing: new Healing({ hall, hub, answers, few: reading }) };
}

/** As much of a hall as live connections ask. */
function hallOf(chat: Chat): Hall {
  return {
    id: newId('proc'),
    shared: true,
    chat,
    auth: { storage: chat.storage, clock: chat.clock },
    rates: memoryRates(Date.now),
    settings: { limits: { post: WIDE, read: WIDE } },
    commands: {
      post: (person: Somebody, post: Post) => postMessage(chat, person, post),
      answer: (id: string) => findAnswer(chat.storage.db, id),
    },
  } as unknown as Hall;
}

const WIDE = { uses: 1e9, perSeconds: 1 };

/** A connection to one hall that keeps every frame. */
export class Caller {
  readonly frames: LineFrame[] = [];
  readonly socket: LiveSocket;
  readonly line: Line;
  readonly failures: unknown[] = [];
  readonly #at: LiveHall;

  constructor(at: LiveHall, who: Somebody, hear: (frame: LineFrame) => void = () => undefined) {
    this.#at = at;
    this.line = new Line((frame) => {
      this.frames.push(frame);
      hear(frame);
    });
    this.socket = new LiveSocket(this.line.ws, who, at.hub.counts);
    this.socket.asked = new Asked();
    this.socket.onFailure = (error) => void this.failures.push(error);
    at.hub.connect(this.socket);
  }

  /** Says something; resolves when it was done. */
  say(frame: { type: string; room: string; after?: number }): Promise<void> {
    return handleFrame(this.#at.hall, this.#at.hub, this.socket, JSON.stringify(frame));
  }

  /** Learns which rooms it may see, as a new connection does. */
  async look(): Promise<this> {
    await refreshSight(this.#at.hall, this.#at.hub, this.socket);
    return this;
  }

  of(type: string): LineFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  end(): void {
    this.#at.hub.disconnect(this.socket);
  }
}
