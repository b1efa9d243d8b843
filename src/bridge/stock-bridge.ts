import { layoutOf } from '#bus/rabbit-layout.ts';
import { Link } from '#bus/rabbit-link.ts';
import { Publisher } from '#bus/rabbit-publisher.ts';
import { notReady } from '#core/errors.ts';
import { work, type JobHandler, type JobWork } from '#core/job.ts';
import type { PlatformLog } from '#core/platform.ts';
import type { QuoteWork } from '#core/quote.ts';
import { endedJobs } from '#storage/open-jobs.ts';
import type { Storage } from '#storage/storage.ts';
import { findAnswer } from '#storage/work.ts';
import { Answers } from './answers.ts';
import { JobEnds } from './job-ends.ts';
import { REQUESTS, stockLayout } from './stock-layout.ts';
import { takeAnswer } from './take-answer.ts';

export interface StockBridgeOptions {
  /** `amqp:` on this machine, `amqps:` anywhere. */
  url: string;
  /** The authority that signed the broker's certificate, PEM. */
  ca?: string;
  /** The installation's name, where several share a broker. */
  name?: string;
  /** This process, by a name that no other has. */
  process: string;
  logger: PlatformLog;
  storage: Storage;
  quotes: QuoteWork;
}

/** The bot that asks, as the queues have always named it. */
const BOT_NAME = 'stockbot';

/**
 * Has a stock bot of somebody else's find the quotes, over the queues `requeststock` and `publishstock`. Connects by
 * itself, again and again. Whichever worker hears an answer ends the job, in the database; the one that asked sees it there.
 */
export class StockBridge {
  readonly #options: StockBridgeOptions;
  readonly #layout;
  readonly #work: string;
  readonly #out: Link;
  readonly #in: Link;
  readonly #publisher: Publisher;
  readonly #answers: Answers;
  readonly #ends: JobEnds;

  constructor(options: StockBridgeOptions) {
    const { url, ca, name, process, logger: log, storage } = options;
    this.#options = options;
    this.#layout = stockLayout(name);
    const layout = layoutOf(name);
    this.#work = layout.work;
    const link = { url, log, ...(ca !== undefined && { ca }) };
    this.#out = new Link({ ...link, label: `${process} bridge out` });
    this.#in = new Link({ ...link, label: `${process} bridge in` });
    this.#publisher = new Publisher(this.#out, layout);
    this.#ends = new JobEnds((ids) => endedJobs(storage.db, ids));
    this.#answers = new Answers({
      link: this.#in,
      publisher: this.#publisher,
      work: layout.work,
      layout: this.#layout,
      log,
      take: (text) => this.#take(text),
    });
  }

  /** The job, done by the bot. */
  get work(): JobWork {
    return work(this.#options.quotes.job, this.#handle);
  }

  /** Why quotes cannot be asked for, or heard. */
  get why(): string | undefined {
    return this.#publisher.why ?? this.#answers.why;
  }

  async ready(): Promise<void> {
    await Promise.all([this.#publisher.ready(), this.#answers.ready()]);
  }

  async stop(graceMs: number): Promise<void> {
    await this.#answers.stop(graceMs);
    await this.#publisher.close(graceMs);
    await Promise.all([this.#in.close(HANG_UP_MS), this.#out.close(HANG_UP_MS)]);
  }

  readonly #handle: JobHandler<{ symbol: string }> = async ({ symbol }, signal, { id, room = id }) => {
    // Asked for before the bot is: it may be quick.
    const given = new AbortController();
    const ended = this.#ends.until(id, AbortSignal.any([signal, given.signal]));
    try {
      await Promise.race([
        this.#ask({ stock_code: symbol, chatroom: room, bot_name: BOT_NAME, request_id: id }),
        ended,
      ]);
      await ended;
    } finally {
      given.abort();
    }
    const answer = await findAnswer(this.#options.storage.db, id);
    if (!answer?.reply) throw new Error('the answer of the stock bot is not there any more');
    return answer.reply;
  };

  async #ask(request: { stock_code: string; chatroom: string; bot_name: string; request_id: string }): Promise<void> {
    const { request_id: id } = request;
    const to = { exchange: this.#work, routingKey: REQUESTS, queue: this.#layout.requests };
    // Nobody's service failed: the job is done when the broker is back.
    await this.#publisher.send({ ...to, id, body: JSON.stringify(request) }).catch((error: Error) => {
      throw Object.assign(notReady('broker-away', error.message), { cause: error });
    });
  }

  async #take(text: string): ReturnType<typeof takeAnswer> {
    const taken = await takeAnswer(this.#options.storage, this.#options.quotes, text);
    if ('job' in taken) this.#ends.ended(taken.job);
    return taken;
  }
}

/** ms for the connections to end in order. */
const HANG_UP_MS = 1_000;
