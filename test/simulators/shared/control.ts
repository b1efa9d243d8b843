import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Faults, Simulator } from './simulator.ts';
import { controlTexts as texts } from './texts.ts';

/**
 * Serves a simulator's page at `/` and its control addresses under `/_control`. Gives false, and leaves the response
 * alone, for any other path. Posts must be JSON and the Host must be loopback, so that no foreign page can take part.
 */
export async function controlRoutes(
  simulator: Simulator,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname !== '/' && !/^\/_control(\/|$)/.test(url.pathname)) return false;
  try {
    const says = await answerTo({ simulator, request, url });
    response.writeHead(says.status, says.headers).end(says.body);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { status, headers, body } = json({ detail: error.message }, error.status);
    response.writeHead(status, headers).end(body);
  }
  return true;
}

interface Asked {
  simulator: Simulator;
  request: IncomingMessage;
  url: URL;
}

interface Says {
  status: number;
  headers: Record<string, string>;
  body: string;
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

const LONGEST_BODY = 256 * 1024;

async function answerTo(asked: Asked): Promise<Says> {
  if (!isLoopback(asked.request.headers.host ?? '')) throw new Refused(403, texts.notLoopback);
  const route = ROUTES[`${asked.request.method} ${asked.url.pathname}`];
  if (!route) throw new Refused(404, texts.unknownAddress);
  return route(asked);
}

const isLoopback = (host: string): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host);

const ROUTES: Record<string, (asked: Asked) => Says | Promise<Says>> = {
  'GET /': page,
  'GET /_control': overview,
  'GET /_control/seen': seen,
  'GET /_control/calls': ({ simulator }) => json(simulator.calls),
  'POST /_control/say': say,
  'POST /_control/again': again,
  'POST /_control/fault': fault,
};

/** The page has everything within itself, and may talk to nobody but us. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";

function page(): Says {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY };
  return { status: 200, headers, body: readFileSync(`${import.meta.dirname}/page.html`, 'utf8') };
}

async function overview({ simulator }: Asked): Promise<Says> {
  const { platform, people, rooms, env, violations } = simulator;
  return json({ platform, people, rooms, env, violations, connected: await isConnected(simulator) });
}

/** One open question to each simulator: a page that asks every second must not pile them up. */
const waiting = new WeakMap<Simulator, Promise<boolean>>();

function isConnected(simulator: Simulator): Promise<boolean> {
  const known = waiting.get(simulator);
  const question = known ?? simulator.connected().then(() => true);
  waiting.set(simulator, question);
  const forget = (): unknown => waiting.delete(simulator);
  if (!known) question.then(forget, forget);
  return Promise.race([question.catch(() => false), new Promise<boolean>((give) => setTimeout(give, 5, false))]);
}

function seen({ simulator, url }: Asked): Says {
  const room = url.searchParams.get('room') ?? '';
  const person = url.searchParams.get('person') || undefined;
  return json(attempt(() => simulator.seen(room, person)));
}

async function say({ simulator, request }: Asked): Promise<Says> {
  const body = await bodyOf(request);
  const [person, room, text] = [string(body, 'person'), string(body, 'room'), string(body, 'text')];
  const id = await simulator.say(person, room, text).catch((error: unknown) => refuse(error));
  return json({ id }, 201);
}

async function again({ simulator, request }: Asked): Promise<Says> {
  const id = string(await bodyOf(request), 'id');
  attempt(() => simulator.again(id));
  return json({ ok: true });
}

async function fault({ simulator, request }: Asked): Promise<Says> {
  const body = await bodyOf(request);
  const start = FAULTS[string(body, 'kind')];
  if (!start) throw new Refused(400, texts.unknownFault(Object.keys(FAULTS)));
  start(simulator.faults, body);
  return json({ ok: true });
}

type Body = Record<string, unknown>;

const FAULTS: Record<string, (faults: Faults, body: Body) => void> = {
  disconnect: (faults) => faults.disconnect(),
  reconnect: (faults) => faults.reconnect(),
  silent: (faults, body) => faults.silent(flag(body, 'on')),
  duplicate: (faults, body) => faults.duplicate(flag(body, 'on')),
  slow: (faults, body) => faults.slow(number(body, 'ms')),
  loseAnswers: (faults, body) => faults.loseAnswers(number(body, 'times')),
  answer: (faults, body) => faults.answer(number(body, 'status'), number(body, 'times'), answerOptions(body)),
  random: (faults, body) => faults.random(number(body, 'seed'), rate(body)),
};

function answerOptions(body: Body): { retryAfter?: number; match?: string } {
  return {
    ...(body.retryAfter === undefined ? {} : { retryAfter: number(body, 'retryAfter') }),
    ...(body.match === undefined ? {} : { match: string(body, 'match') }),
  };
}

function rate(body: Body): Parameters<Faults['random']>[1] {
  if (body.rate === undefined || body.rate === null) return undefined;
  const given = object(body.rate);
  const chance = (name: string): number => (given[name] === undefined ? 0 : number(given, name));
  return {
    disconnect: chance('disconnect'),
    duplicate: chance('duplicate'),
    limited: chance('limited'),
    broken: chance('broken'),
  };
}

function flag(body: Body, name: string): boolean {
  const value = body[name];
  if (typeof value !== 'boolean') throw new Refused(400, texts.wrongField(name, 'boolean'));
  return value;
}

function number(body: Body, name: string): number {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Refused(400, texts.wrongField(name, 'number'));
  return value;
}

function string(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Refused(400, texts.wrongField(name, 'string'));
  return value;
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new Refused(415, texts.notJson);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > LONGEST_BODY) throw new Refused(413, texts.tooLong);
    chunks.push(chunk);
  }
  return object(parsed(Buffer.concat(chunks).toString('utf8')));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function object(value: unknown): Body {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refused(400, texts.badJson);
  return { ...value };
}

/** What a simulator refuses (no such room, no such command) is the caller's fault, and its sentence is the answer. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    return refuse(error);
  }
}

function refuse(error: unknown): never {
  throw new Refused(400, error instanceof Error ? error.message : String(error));
}

function json(body: unknown, status = 200): Says {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify(body) };
}
