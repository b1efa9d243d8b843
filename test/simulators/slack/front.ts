import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Call } from '#test/simulators/shared/simulator.ts';
import type { CallFault, FaultBoard } from './faults.ts';
import type { Installs } from './installs.ts';
import type { Limits } from './limits.ts';
import type { OpenId } from './openid.ts';
import type { ResponseUrls } from './response-urls.ts';
import { violations } from './texts.ts';
import type { Uploads } from './uploads.ts';
import { rateLimited, type WebApi } from './web-api.ts';
import type { Wire } from './wire.ts';
import { keep } from './workspace.ts';

interface Behind {
  api: WebApi;
  responseUrls: ResponseUrls;
  uploads: Uploads;
  openId: OpenId;
  installs: Installs;
  faults: FaultBoard;
  limits: Limits;
  violations: string[];
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Text goes as text, anything else as JSON. */
  body: string | Wire;
}

interface Came {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  raw: Buffer;
  query: URLSearchParams;
  fields: Wire | undefined;
}

/** Takes every HTTP call of the program: reads it, writes it down, lets it go wrong where it shall, answers. */
export class Front {
  readonly calls: Call[] = [];
  readonly #behind: Behind;
  readonly #ended = new AbortController();

  constructor(behind: Behind) {
    this.#behind = behind;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const came = await readCall(request);
    const fault = this.#behind.faults.forCall(came.path);
    const answer = fault?.kind === 'answer' ? this.#failing(came, fault) : this.#answerTo(came);
    const status = fault?.kind === 'lose' ? 0 : answer.status;
    keep(this.calls, { at: Date.now(), method: came.method, path: came.path, body: recorded(came), status });
    await this.#beLate();
    if (fault?.kind === 'lose') return void request.socket.destroy();
    write(response, answer);
  }

  stop(): void {
    this.#ended.abort();
  }

  #answerTo(came: Came): Answer {
    const { api, responseUrls, uploads, openId, installs } = this.#behind;
    const asked = { ...came, token: tokenOf(came) };
    const agreed = openId.answer(asked) ?? installs.answer(asked);
    if (agreed) return agreed;
    if (came.path.startsWith('/api/')) {
      const call = { method: came.path.slice('/api/'.length), args: came.fields ?? {}, token: tokenOf(came) };
      if (!came.fields) return { status: 200, headers: {}, body: this.#malformed(call.method) };
      return api.answer(call);
    }
    if (came.method === 'POST' && came.path.startsWith('/commands/')) {
      return { headers: {}, ...responseUrls.use(came.path, came.fields) };
    }
    if (came.method === 'POST' && uploads.take(came.path, Number(came.fields?.bytes))) {
      return { status: 200, headers: {}, body: `OK - ${came.fields?.bytes}` };
    }
    keep(this.#behind.violations, violations.route(came.method, came.path));
    return { status: 404, headers: {}, body: 'Not Found' };
  }

  #malformed(method: string): Wire {
    keep(this.#behind.violations, violations.malformed(method, 'the body cannot be read'));
    return { ok: false, error: 'invalid_form_data' };
  }

  #failing({ path, fields }: Came, { status, retryAfter }: Extract<CallFault, { kind: 'answer' }>): Answer {
    if (status === 200) return { status, headers: {}, body: { ok: false, error: 'fatal_error' } };
    if (status !== 429) return { status, headers: {}, body: 'The service is not available.' };
    this.#behind.limits.mustWait(path.slice('/api/'.length), String(fields?.channel), retryAfter);
    return rateLimited(retryAfter);
  }

  async #beLate(): Promise<void> {
    const ms = this.#behind.faults.lateMs;
    if (ms > 0) await pause(ms, undefined, { signal: this.#ended.signal }).catch(() => undefined);
  }
}

const LONGEST_BODY = 32 * 1024 * 1024;

async function readCall(request: IncomingMessage): Promise<Came> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > LONGEST_BODY) throw new Error('The body is too long.');
    chunks.push(chunk);
  }
  const { pathname: path, searchParams: query } = url;
  const came = { method: request.method ?? '', path, headers: request.headers, raw: Buffer.concat(chunks), query };
  return { ...came, fields: await fieldsOf(came).catch(() => undefined) };
}

/** The arguments, from the query and the body. Of files only the size is kept. */
async function fieldsOf({ path, headers, raw, query }: Omit<Came, 'fields'>): Promise<Wire> {
  const fields: Wire = Object.fromEntries(query);
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim();
  if (type === 'multipart/form-data') return { ...fields, ...(await multipart(headers['content-type'] ?? '', raw)) };
  if (path.startsWith('/upload/')) return { ...fields, bytes: raw.length };
  if (type === 'application/json') return { ...fields, ...JSON.parse(raw.toString('utf8')) };
  return { ...fields, ...Object.fromEntries(new URLSearchParams(raw.toString('utf8'))) };
}

async function multipart(type: string, raw: Buffer): Promise<Wire> {
  const form = await new Response(new Uint8Array(raw), { headers: { 'content-type': type } }).formData();
  const fields: Wire = {};
  for (const [name, value] of form) {
    if (typeof value === 'string') fields[name] = value;
    else fields.bytes = value.size;
  }
  return fields;
}

/** From the header, or from a form; never from JSON, as on Slack. */
function tokenOf({ headers, fields }: Came): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const inForm = headers['content-type']?.startsWith('application/json') ? undefined : fields?.token;
  return bearer ?? (typeof inForm === 'string' ? inForm : undefined);
}

/** The body as it is written down: without tokens, and JSON within a form as what it says. */
function recorded({ fields }: Came): Wire | undefined {
  if (!fields) return undefined;
  const entries = Object.entries(fields).filter(([name]) => name !== 'token');
  return Object.fromEntries(entries.map(([name, value]) => [name, JSON_FIELDS.has(name) ? parsed(value) : value]));
}

const JSON_FIELDS = new Set(['blocks', 'metadata', 'files', 'attachments']);

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  response.writeHead(status, { 'content-type': type, ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
