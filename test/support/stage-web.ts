import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Picture, Table } from '#core/message.ts';
import { pictureData } from '#core/picture-data.ts';
import type { Somebody } from '#test/contracts/fixtures.ts';
import { Live } from './live.ts';
import type { Heard, Part, Place, Stage } from './stage.ts';
import type { StageHall } from './stage-hall.ts';

export type Cast = Record<Part, Viewer>;

/** People with an account and a page open in every room. */
export async function castOf(hall: StageHall, rooms: Map<string, string>): Promise<Cast> {
  const enter = async (who: Somebody): Promise<Viewer> => {
    const viewer = new Viewer(hall, who, rooms);
    await viewer.enter();
    return viewer;
  };
  return {
    olga: await enter(hall.owner),
    mona: await enter(await hall.account('mona', 'moderator')),
    mia: await enter(await hall.account('mia', 'member')),
    max: await enter(await hall.account('max', 'member')),
  };
}

/** The rooms by name. */
export async function roomsOf(hall: StageHall, names: string[]): Promise<Map<string, string>> {
  const rooms = new Map<string, string>();
  for (const name of names) rooms.set(name, (await hall.done<{ id: string }>('POST', '/v1/rooms', { name })).id);
  return rooms;
}

/** What both ways into the web chat have in common. */
export function webStage(
  hall: StageHall,
  cast: Cast,
): Omit<Stage, 'name' | 'room' | 'tellsMeanwhile' | 'redelivers' | 'cut'> {
  const back = async (): Promise<void> => void (await Promise.all(Object.values(cast).map((one) => one.enter())));
  return {
    hides: true,
    typed: (line) => line,
    offers: () => true,
    account: (who) => cast[who].account,
    seen: (who) => cast[who].heardIn(),
    set: (command, change) => hall.set(command, change),
    notReady: () => hall.notReady(),
    noticesAbsence: false,
    askToReconnect: () => undefined,
    back,
    async restart() {
      await hall.restart();
      await back();
    },
    notCommands: [
      { what: 'a line that is changed into one', act: (room, line) => changeInto(hall, cast.mia, { room, line }) },
      { what: 'two slashes', act: (room, line) => cast.mia.live.post(cast.mia.idOf(room), `/${line}`) },
    ],
    // The web chat knows only its own people, by the name behind an @.
    called: ({ raw }) => (raw as { mentions?: string[] }).mentions ?? [],
    violations: () => [],
    async close() {
      for (const viewer of Object.values(cast)) viewer.leave();
      await hall.close();
    },
  };
}

/** The web chat: people type into the page's line. */
export function webPlace(cast: Cast, room: string): Place {
  const asked = new Map<string, { who: Part; words: string }>();
  const post = async (who: Part, words: string, id: string): Promise<string> => {
    const { live, idOf } = cast[who];
    const frame = await live.post(idOf(room), words, id);
    assert.notEqual(frame.type, 'error', frame.detail);
    asked.set(id, { who, words });
    return id;
  };
  return {
    name: room,
    ask: (who, line) => post(who, line, randomUUID()),
    say: (who, words) => post(who, words, randomUUID()),
    async again(id) {
      const { who, words } = asked.get(id) ?? assert.fail(`nobody asked ${id}`);
      await post(who, words, id);
    },
    seen: (who) => cast[who].heardIn(room),
  };
}

interface Shown {
  text: string;
  table?: Table;
  pictures?: Picture[];
}

interface ShownFrame {
  type: string;
  room: string;
  message?: Shown & { id: string; seq: number; author: { kind: string } };
  reply?: Shown;
}

/** Somebody with the page open: all that it told them, whatever connection it came by. */
export class Viewer {
  #live: Live | undefined;
  readonly account: string;
  readonly token: string;
  readonly #hall: Pick<StageHall, 'url'>;
  readonly #rooms: Map<string, string>;
  readonly #log: { room: string; heard: Heard }[] = [];
  /** The last number that was seen in each room. */
  readonly #seen = new Map<string, number>();

  constructor(hall: Pick<StageHall, 'url'>, who: Somebody, rooms: Map<string, string>) {
    this.#hall = hall;
    this.account = who.account;
    this.token = who.token;
    this.#rooms = rooms;
  }

  readonly idOf = (room: string): string => this.#rooms.get(room) ?? assert.fail(`there is no room ${room}`);

  /** Opens a connection, and follows every room from where it was left. */
  async enter(): Promise<void> {
    this.leave();
    const live = await Live.open(this.#hall.url, this.token);
    this.#live = live;
    live.socket.on('message', (data) => {
      if (live === this.#live) this.#hear(JSON.parse(String(data)) as ShownFrame);
    });
    for (const room of this.#rooms.values()) await live.subscribe(room, this.#seen.get(room) ?? 0);
  }

  leave(): void {
    this.#live?.close();
    this.#live = undefined;
  }

  get live(): Live {
    return this.#live ?? assert.fail('the page is not open');
  }

  /** Something came to this person by another way. */
  told(room: string, heard: Heard): void {
    this.#log.push({ room: this.idOf(room), heard });
  }

  /** In this room, or in all. */
  heardIn(room?: string): Heard[] {
    const log = room === undefined ? this.#log : this.#log.filter((one) => one.room === this.idOf(room));
    return log.map(({ heard }) => heard);
  }

  #hear({ type, room, message, reply }: ShownFrame): void {
    if (type === 'message' && message) {
      this.#seen.set(room, message.seq);
      if (message.author.kind === 'bot') this.#log.push({ room, heard: heardOf(message, false) });
    }
    if (type === 'private' && reply) this.#log.push({ room, heard: heardOf(reply, true) });
  }
}

/** An answer as the page shows it: words, the cells of a table, pictures with what they show. */
export function heardOf(shown: Shown & { id?: string }, only: boolean): Heard {
  const { id = '', text, table, pictures = [] } = shown;
  const cells = table ? [table.columns.map(({ name }) => name), ...table.rows].map((row) => row.join(' ')) : [];
  const attachments = pictures.map(({ url, alt }) => {
    const data = pictureData(url);
    return { name: alt, type: data?.type ?? '', bytes: data?.bytes.length ?? 0 };
  });
  return { id, text: [text, ...cells].join('\n'), private: only, attachments, raw: shown };
}

async function changeInto(hall: StageHall, who: Viewer, { room, line }: { room: string; line: string }): Promise<void> {
  const path = `/v1/rooms/${who.idOf(room)}/messages`;
  const { id } = await hall.done<{ id: string }>('POST', path, { text: 'Only words.' }, who.token);
  await hall.done('PATCH', `/v1/messages/${id}`, { text: line }, who.token);
}
