import type { Message } from '#contracts/web.ts';
import { change, type Change, emptyLog, newestSeq, type RoomLog } from './room-log.ts';

type Read = (where: string, limit: number) => Promise<Message[]>;

const PAGE = 50;

/** A piece of a room's history that does not reach to the newest: somebody was led into the middle of it. */
export class Past {
  log: RoomLog = $state.raw(emptyLog());
  readonly #read: Read;
  #busy = false;

  private constructor(read: Read) {
    this.#read = read;
  }

  /** With the message of this number in the middle. */
  static async around(seq: number, read: Read): Promise<Past> {
    const past = new Past(read);
    const page = await read(`before=${seq + PAGE / 2}`, PAGE);
    past.change({ type: 'older', page, limit: PAGE });
    return past;
  }

  change(what: Change): void {
    this.log = change(this.log, what);
  }

  async older(): Promise<void> {
    const before = this.log.messages[0]?.seq;
    if (before === undefined || this.log.complete) return;
    await this.#alone(async () =>
      this.change({ type: 'older', page: await this.#read(`before=${before}`, PAGE), limit: PAGE }),
    );
  }

  /** Reads on downwards. True where it has come to what is known from `reach` on, or to the end. */
  async newer(reach: number): Promise<boolean> {
    let there = false;
    await this.#alone(async () => {
      const page = await this.#read(`after=${newestSeq(this.log)}`, PAGE);
      const complete = this.log.complete;
      this.change({ type: 'older', page, limit: 0 });
      this.log = { ...this.log, complete };
      there = page.length < PAGE || newestSeq(this.log) >= reach;
    });
    return there;
  }

  async #alone(read: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await read();
    } catch {
      // Scrolling asks again.
    } finally {
      this.#busy = false;
    }
  }
}
