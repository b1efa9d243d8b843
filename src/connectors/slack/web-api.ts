import { stringify } from 'node:querystring';
import { HeldPlaces } from '#bus/held-places.ts';
import { CallFailed, troubleOf, type Failure } from './slack.external.ts';

/** Calls to Slack. Each throws `CallFailed` and nothing else. */
export interface WebApi {
  /** A method of the Web API by its name; resolves to Slack's answer. */
  call<T = object>(method: string, args: Arguments): Promise<T>;
  /** Answers at a slash command's response_url. */
  respond(url: string, body: object): Promise<void>;
  /** Puts a file's bytes where `files.getUploadURLExternal` said. */
  upload(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Objects go as JSON text; what is undefined is left out. */
export type Arguments = Record<string, string | number | boolean | object | undefined>;

export interface WebApiOptions {
  token: string;
  /** Ends with a slash. */
  apiUrl: string;
  fetch: typeof globalThis.fetch;
  /** ms for one call. */
  timeout: number;
  /** Told of each call in which Slack took the token, or with which code it did not. */
  heard(refused?: string): void;
}

/** Leaner than the library's client, which logs, queues and repeats by itself: here the outbound queue does that. */
export function webApi({ token, apiUrl, fetch, timeout, heard }: WebApiOptions): WebApi {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' };
  /** A timer that is cleared is cheaper by far than `AbortSignal.timeout`, which lives on when the call is done. */
  async function post(url: string, init: RequestInit): Promise<Answered> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DOMException('no answer in time', 'TimeoutError')), timeout);
    const answered = await ask(fetch, url, { ...init, method: 'POST', redirect: 'error', signal: late.signal });
    clearTimeout(timer);
    return answered;
  }
  async function hook(kind: string, url: string, init: RequestInit): Promise<void> {
    const failed = hookFailureOf(await post(url, init));
    if (failed) throw new CallFailed(kind, failed);
  }
  const held = new HeldPlaces();
  return {
    async call<T>(method: string, args: Arguments) {
      const place = placeOf(method, args);
      const rest = held.rest(place);
      if (rest > 0) throw new CallFailed(method, { trouble: 'limited', code: 'ratelimited', retryAfter: rest });
      const answered = await post(apiUrl + method, { headers, body: stringify(flat(args)) });
      const failed = failureOf(answered);
      if (!failed || failed.trouble === 'token') heard(failed?.code);
      if (failed?.trouble === 'limited') held.hold(place, failed.retryAfter ?? 0);
      if (failed) throw new CallFailed(method, failed);
      return answered.answer as T;
    },
    respond: (url, body) => hook('response_url', url, { headers: JSON_TYPE, body: JSON.stringify(body) }),
    upload: (url, bytes) => hook('upload', url, { headers: BYTES_TYPE, body: bytes }),
  };
}

/** Slack counts this one by channel, and all others by workspace. https://docs.slack.dev/apis/web-api/rate-limits */
const placeOf = (method: string, { channel }: Arguments): string =>
  method === 'chat.postMessage' ? `${method} ${String(channel)}` : method;

const JSON_TYPE = { 'content-type': 'application/json' };
const BYTES_TYPE = { 'content-type': 'application/octet-stream' };

function flat(args: Arguments): Record<string, string | number | boolean> {
  const fields: Record<string, string | number | boolean> = {};
  for (const name in args) {
    const value = args[name];
    if (value !== undefined) fields[name] = typeof value === 'object' ? JSON.stringify(value) : value;
  }
  return fields;
}

interface Answered {
  status: number;
  retryAfter: string | null;
  /** Undefined where it is no JSON object. */
  answer: { ok?: boolean; error?: string; needed?: string } | undefined;
  /** Where there was no answer at all. */
  failed?: Failure;
}

async function ask(fetch: typeof globalThis.fetch, url: string, init: RequestInit): Promise<Answered> {
  try {
    const response = await fetch(url, init);
    const { status, headers } = response;
    return { status, retryAfter: headers.get('retry-after'), answer: readJson(await response.text()) };
  } catch (error) {
    const code = networkCode(error);
    const failed: Failure = { trouble: 'passing', code, unsure: !NEVER_SENT.has(code) };
    return { status: 0, retryAfter: null, answer: undefined, failed };
  }
}

/** The name of a network error: `ECONNREFUSED`, `TimeoutError`. Never its text, which may hold an address with a secret in it. */
export function networkCode(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  return cause?.code ?? name ?? 'unknown';
}

/** Nobody was there to carry the call out. */
const NEVER_SENT = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function readJson(text: string): Answered['answer'] {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The Web API answers 200 with `ok`. What is not from it, such as a proxy's page or half an answer, passes. */
function failureOf({ status, retryAfter, answer, failed }: Answered): Failure | undefined {
  if (failed) return failed;
  if (status === 429) return { trouble: 'limited', code: 'ratelimited', retryAfter: pauseOf(retryAfter) };
  if (status >= 500 || !answer) return { trouble: 'passing', code: `http_${status}`, unsure: true };
  if (answer.ok) return undefined;
  const code = answer.error ?? `http_${status}`;
  const trouble = troubleOf(code);
  return {
    trouble,
    code,
    unsure: trouble === 'passing',
    retryAfter: trouble === 'limited' ? pauseOf(retryAfter) : 0,
    ...(answer.needed !== undefined && { needed: answer.needed }),
  };
}

/** Addresses for answers and files tell by status, with or without JSON. A 4xx is final: the address is spent. */
function hookFailureOf(answered: Answered): Failure | undefined {
  const { status, answer, failed } = answered;
  if (failed || status === 429 || status >= 500) return failureOf(answered);
  if (status < 400 && answer?.ok !== false) return undefined;
  return { trouble: 'refused', code: answer?.error ?? `http_${status}` };
}

/** Slack says it in whole seconds. Half a second more, as clocks differ; half a minute where it says nothing. In ms. */
export function pauseOf(retryAfter: string | null): number {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  return (seconds >= 0 ? seconds : 30) * 1_000 + 500;
}
