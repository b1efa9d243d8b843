import { notReady } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { LiveEvent } from '#core/live.ts';
import type { IncomingMessage, Refusal, Reply } from '#core/message.ts';
import { sealedAsk, type Sealing } from '#core/secret-arguments.ts';
import { read, type Called } from './read.ts';

/** Hands a message to the bot, once for each platform's id of it; resolves to the request's id. */
export type Receive = (message: IncomingMessage, platformId: string) => Promise<string>;

export interface CallAnswer {
  reply: Reply;
  refusal?: Refusal;
}

/** A final answer, or the id to ask again with. */
export type CallResult = CallAnswer | { job: string };

export interface Calls {
  /** Asks the bot and waits `seconds` at most for its final answer. */
  call(called: Omit<Called, 'hall' | 'at'>, seconds: number): Promise<CallResult>;
  /** Takes an answer from the bus. */
  answered(event: LiveEvent): void;
}

export interface CallParts extends Sealing {
  /** The name of this process on the bus. */
  hall: string;
  receive: Receive;
  clock(): number;
}

/** Calls over HTTP that wait in this process. */
export function calls({ hall, receive, clock, ...sealing }: CallParts): Calls {
  const waiting = new Map<string, (answer: CallAnswer) => void>();

  function wait(id: string, seconds: number): Promise<CallAnswer | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(undefined), seconds * 1000);
      const done = (answer: CallAnswer | undefined): void => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(answer);
      };
      waiting.set(id, done);
    });
  }

  return {
    async call(called, seconds) {
      if (waiting.size >= LIMITS.commandWaiters)
        throw notReady('busy', 'Too many calls are waiting for an answer. Try again in a few seconds.');
      const message = read({ ...called, hall, at: clock() });
      message.ask = await sealedAsk(message.ask, message.who.account, sealing);
      const answer = wait(message.id, seconds);
      await receive(message, message.id);
      return (await answer) ?? { job: message.id };
    },
    answered(event) {
      if (event.kind !== 'answer' || event.hall !== hall || !event.final) return;
      const { reply, refusal } = event;
      waiting.get(event.id)?.({ reply, ...(refusal && { refusal }) });
    },
  };
}
