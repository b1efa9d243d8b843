import { createHmac, randomBytes } from 'node:crypto';
import { type ClientRequest, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { texts } from './texts.ts';
import type { Carrier, Envelope, Outcome, SlackOptions, Wire } from './wire.ts';

/** Sends envelopes as signed POSTs. https://docs.slack.dev/authentication/verifying-requests-from-slack */
export class HttpTarget implements Carrier {
  readonly url: string;
  readonly #secret: string;
  readonly #options: SlackOptions;
  readonly #open = new Set<ClientRequest>();
  readonly #ended = new AbortController();
  readonly #verified = Promise.withResolvers<void>();

  constructor(url: string, secret: string, options: SlackOptions) {
    this.url = url;
    this.#secret = secret;
    this.#options = options;
    this.#verified.promise.catch(() => undefined);
  }

  /** Asks until the address gives back the challenge, as a program may start later than we. */
  async verify(): Promise<void> {
    let last = '';
    for (const end = Date.now() + this.#options.challengeMs; Date.now() < end; await this.#pause(100)) {
      const challenge = randomBytes(20).toString('hex');
      const body = { token: 'sample-verification-token', challenge, type: 'url_verification' };
      const { status, text, failure } = await this.#post(JSON.stringify(body), JSON_TYPE);
      if (status === 200 && text.includes(challenge)) return this.#verified.resolve();
      last = failure ?? `status ${status}`;
    }
    const error = new Error(texts.noAnswer(this.url, last));
    this.#verified.reject(error);
    throw error;
  }

  connected(): Promise<void> {
    return this.#verified.promise;
  }

  async carry(envelope: Envelope): Promise<Outcome> {
    const [body, type] = bodyOf(envelope);
    const { status, text, failure, headers } = await this.#post(body, type, retryHeaders(envelope));
    if (failure) return { ok: false, reason: failure };
    if (status < 200 || status >= 300) {
      return { ok: false, reason: 'http_error', noRetry: headers['x-slack-no-retry'] === '1' };
    }
    return { ok: true, reason: '', reply: reply(text) };
  }

  cut(): void {
    for (const open of this.#open) open.destroy(new Error('cut'));
  }

  stop(): void {
    this.#ended.abort();
    this.cut();
  }

  #post(body: string, type: string, more: Record<string, string> = {}): Promise<Answer> {
    const at = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac('sha256', this.#secret).update(`v0:${at}:${body}`).digest('hex');
    const headers = {
      'content-type': type,
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'x-slack-request-timestamp': at,
      'x-slack-signature': `v0=${signature}`,
      ...more,
    };
    return this.#send(headers, body);
  }

  #send(headers: Record<string, string>, body: string): Promise<Answer> {
    return new Promise((resolve) => {
      const failed = (failure: string): void => resolve({ status: 0, text: '', headers: {}, failure });
      const post = request(this.url, { method: 'POST', headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => failed('connection_failed'));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
        });
      });
      const timer = setTimeout(() => post.destroy(new Error(TIMEOUT)), this.#options.acknowledgeMs);
      this.#open.add(post);
      post.on('error', (error) => failed(error.message === TIMEOUT ? 'http_timeout' : 'connection_failed'));
      post.on('close', () => {
        clearTimeout(timer);
        this.#open.delete(post);
      });
      post.end(body);
    });
  }

  #pause(ms: number): Promise<unknown> {
    return pause(ms, undefined, { signal: this.#ended.signal });
  }
}

interface Answer {
  status: number;
  text: string;
  headers: Record<string, string | string[] | undefined>;
  failure?: string;
}

const TIMEOUT = 'http_timeout';
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

function bodyOf({ type, payload }: Envelope): [body: string, type: string] {
  if (type === 'events_api') return [JSON.stringify(payload), JSON_TYPE];
  if (type === 'interactive') return [form({ payload: JSON.stringify(payload) }), FORM_TYPE];
  return [form(payload), FORM_TYPE];
}

function form(fields: Wire): string {
  return new URLSearchParams(
    Object.entries(fields).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
}

function retryHeaders({ attempt, reason }: Envelope): Record<string, string> {
  if (attempt === 0) return {};
  const told = reason === 'timeout' || reason === '' ? TIMEOUT : reason;
  return { 'x-slack-retry-num': String(attempt), 'x-slack-retry-reason': told };
}

/** The acknowledgement of a slash command may hold a message, as JSON or as plain text. */
function reply(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}
