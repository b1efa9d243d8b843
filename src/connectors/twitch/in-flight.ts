import type { Timer } from '#bus/outbound-queue.ts';
import type { Connection } from './connection.ts';
import { sayLine, tagOf, type IrcLine } from './irc-line.ts';
import { NOTICES, type Times } from './twitch.external.ts';

/** What became of a line: taken, or why not, or nobody knows since the connection ended. */
export type Outcome = { taken: true } | { taken: false; code: string; text: string } | { taken: 'unknown' };

export interface Said {
  connection: Connection;
  channel: string;
  text: string;
  parent: string | undefined;
}

/**
 * The one line that is on its way. Twitch acknowledges it by a USERSTATE of its channel or refuses it by a NOTICE. Where
 * neither comes, the answer to a PING behind it shows that it was read. A server that acknowledged lines before and keeps
 * silent then has dropped it.
 */
export class InFlight {
  readonly #timer: Timer;
  readonly #times: Pick<Times, 'ack' | 'dropped'>;
  #acknowledges = false;
  #waits: Waiting | undefined;
  #count = 0;

  constructor(timer: Timer, times: Pick<Times, 'ack' | 'dropped'>) {
    this.#timer = timer;
    this.#times = times;
  }

  /** Sends the line and waits for what becomes of it. */
  send({ connection, channel, text, parent }: Said): Promise<Outcome> {
    const nonce = `g${(++this.#count).toString(36)}`;
    return new Promise((resolve) => {
      let cancel = this.#timer.after(this.#times.ack, () => connection.ping(nonce));
      const settle = (outcome: Outcome): void => {
        cancel();
        this.#waits = undefined;
        resolve(outcome);
      };
      const read = (): void => {
        if (!this.#acknowledges) return settle({ taken: true });
        cancel();
        cancel = this.#timer.after(this.#times.dropped, () => settle(DROPPED));
      };
      this.#waits = { connection, target: `#${channel}`, nonce, read, settle };
      connection.send(sayLine({ channel, text, nonce, parent }));
    });
  }

  /** A line from the server that may be the answer. */
  heard(line: IrcLine, connection: Connection): void {
    const waits = this.#waits;
    if (!waits || waits.connection !== connection) return;
    if (line.command === 'PONG') return line.text === waits.nonce ? waits.read() : undefined;
    const outcome = answer(line, waits.target, waits.nonce);
    if (!outcome) return;
    if (outcome.taken === true) this.#acknowledges = true;
    waits.settle(outcome);
  }

  lost(connection: Connection): void {
    if (this.#waits?.connection === connection) this.#waits.settle({ taken: 'unknown' });
  }
}

interface Waiting {
  connection: Connection;
  target: string;
  nonce: string;
  /** The server has read the line. */
  read(): void;
  settle(outcome: Outcome): void;
}

const DROPPED: Outcome = { taken: false, code: 'dropped', text: '' };

function answer({ command, target, tags, text }: IrcLine, wanted: string, nonce: string): Outcome | undefined {
  if (target !== wanted) return undefined;
  if (command === 'USERSTATE') {
    const echoed = tagOf(tags, 'client-nonce');
    return echoed === '' || echoed === nonce ? { taken: true } : undefined;
  }
  const code = tagOf(tags, 'msg-id');
  return command === 'NOTICE' && (code in NOTICES || code.startsWith('msg_'))
    ? { taken: false, code, text }
    : undefined;
}
