import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answer, isMode, MODES, type Mode } from './answers.ts';

/** One request that came, as the log keeps it. */
export interface Asked {
  at: string;
  url: string;
}

/** A running source. `url` is what STOCK_URL takes, `control` the address that changes how it behaves. */
export interface StockSource {
  url: string;
  control: string;
  asked: Asked[];
  behave(mode: Mode): void;
  stop(): Promise<void>;
}

/**
 * Starts the stand-in of the quote source on loopback. Its wire form is that of Stooq's light quote page:
 * GET /q/l/?s=<code>&f=sd2t2ohlcv&h&e=csv gives a header and one row. Port 0 takes a free one.
 */
export async function startStock({ port = 0, mode = 'good' as Mode } = {}): Promise<StockSource> {
  const state: State = { mode, asked: [] };
  const server = createServer((request, response) => void serve(state, request, response));
  const base = await listen(server, port);
  return {
    url: `${base}/q/l/`,
    control: `${base}/control`,
    asked: state.asked,
    behave: (next) => void (state.mode = next),
    stop: () => stop(server),
  };
}

interface State {
  mode: Mode;
  asked: Asked[];
}

/** The log forgets the oldest: a stand-in that runs for days must not grow. */
const KEPT = 1_000;

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname === '/control') return control(state, request, response);
  if (url.pathname !== '/q/l/' || request.method !== 'GET') return void response.writeHead(404).end();
  state.asked.push({ at: new Date().toISOString(), url: request.url ?? '' });
  state.asked.splice(0, state.asked.length - KEPT);
  answer(state.mode, url.searchParams, response);
}

async function control(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') return json(response, 200, state);
  if (request.method !== 'POST') return void response.writeHead(405).end();
  const mode = await askedMode(request);
  if (!isMode(mode)) return json(response, 400, { detail: `mode is one of: ${MODES.join(', ')}` });
  state.mode = mode;
  response.writeHead(204).end();
}

async function askedMode(request: IncomingMessage): Promise<unknown> {
  let body = '';
  for await (const chunk of request) if (body.length < 1_000) body += String(chunk);
  try {
    const parsed: { mode?: unknown } = JSON.parse(body);
    return parsed.mode;
  } catch {
    return undefined;
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
