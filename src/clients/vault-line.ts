import { randomBytes } from 'node:crypto';
import { Agent as PlainAgent, request as plain, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as secure } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { REQUEST_HEADERS } from '#contracts/vault.ts';
import { AppError } from '#core/errors.ts';
import { NotTaken, vaultAway, vaultError } from './vault-errors.ts';

/** Where the vault is. */
export type VaultAddress =
  | {
      /** A unix socket, or a pipe. */
      socket: string;
      /** Starts it where it does not run, and resolves when it can be asked; after `ms` and when the asking ended in any case. */
      up?(ms: number, ended: AbortSignal): Promise<void>;
    }
  | { url: string; cert: string; key: string; ca: string };

export interface Asked {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  /** It may be asked a second time where the connection broke: nothing is done twice by that. */
  again?: boolean;
  signal?: AbortSignal;
}

export interface VaultLine {
  /** The answer's body, read. Throws `AppError`. */
  ask(asked: Asked): Promise<unknown>;
  close(): Promise<void>;
}

/** ms that one question takes in all: less than the 15 s within which people are answered, more than the vault itself has. */
const ASK_MS = 14_000;

/** ms that a vault that starts is waited for. */
const UP_MS = 8_000;

/** ms until it is asked a second time: that a child has ended is known by then. */
const AGAIN_MS = 150;

/** Connections to the vault at once, and idle ones that are kept. */
const SOCKETS = 200;
const IDLE_SOCKETS = 16;

/** ms that an idle connection is kept: less than the vault's own, so that it is this end that closes. */
const IDLE_MS = 30_000;

/** Bytes of an answer: a provider's of 1 MiB, escaped. */
const ANSWER_BYTES = 8 * 1024 * 1024;

/** What is said to the vault, over connections that are kept. */
export function vaultLine(address: VaultAddress): VaultLine {
  const wire = 'socket' in address ? socketWire(address.socket) : tlsWire(address);
  const up = 'socket' in address ? address.up : undefined;
  const once = async (asked: Asked, ended: AbortSignal, agent = wire.kept): Promise<unknown> => {
    await up?.(UP_MS, ended);
    return answerOf(await send(wire.open, { asked, agent, ended }), ended);
  };
  return {
    async ask(asked) {
      const late = AbortSignal.timeout(ASK_MS);
      const ended = asked.signal ? AbortSignal.any([asked.signal, late]) : late;
      try {
        return await once(asked, ended);
      } catch (error) {
        if (ended.aborted || !mayAskAgain(asked, error)) throw shown(error, late);
        // The others that were kept end the same way. A vault of our own is started again meanwhile, and then waited for.
        await pause(AGAIN_MS);
        return await once(asked, ended, wire.fresh).catch((second: unknown) => Promise.reject(shown(second, late)));
      }
    },
    async close() {
      wire.kept.destroy();
      wire.fresh.destroy();
    },
  };
}

/** How a request is made: on a connection that is kept, or on one of its own. */
interface Wire {
  kept: PlainAgent;
  fresh: PlainAgent;
  open(options: Opened): ClientRequest;
}

interface Opened {
  method: string;
  path: string;
  headers: Record<string, string>;
  signal: AbortSignal;
  agent: PlainAgent;
}

const KEPT = { keepAlive: true, maxSockets: SOCKETS, maxFreeSockets: IDLE_SOCKETS, timeout: IDLE_MS };
const FRESH = { keepAlive: false, maxSockets: SOCKETS };

function socketWire(socketPath: string): Wire {
  const open = (options: Opened): ClientRequest => plain({ ...options, socketPath });
  return { kept: new PlainAgent(KEPT), fresh: new PlainAgent(FRESH), open };
}

function tlsWire({ url, cert, key, ca }: { url: string; cert: string; key: string; ca: string }): Wire {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const tls = { cert, key, ca, minVersion: 'TLSv1.3', checkServerIdentity: isTheVault } as const;
  return {
    kept: new TlsAgent({ ...KEPT, ...tls }),
    fresh: new TlsAgent({ ...FRESH, ...tls }),
    open: (options) => secure({ ...options, host, port: port || 443 }),
  };
}

/** Every role's certificate is good for its machine; only the vault's own is good for this. */
function isTheVault(host: string, certificate: PeerCertificate): Error | undefined {
  const { CN: name } = certificate.subject;
  if (name !== 'vault') return new Error(`there is ${String(name)}, not the vault`);
  return checkServerIdentity(host, certificate);
}

function send(
  open: Wire['open'],
  { asked, agent, ended: signal }: { asked: Asked; agent: PlainAgent; ended: AbortSignal },
): Promise<IncomingMessage> {
  const { method, path, body } = asked;
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    [REQUEST_HEADERS.id]: randomBytes(18).toString('base64url'),
    [REQUEST_HEADERS.at]: String(Date.now()),
    ...(text && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
  };
  return new Promise((resolve, reject) => {
    const request = open({ method, path, headers, signal, agent });
    request.once('response', resolve);
    request.once('error', reject);
    request.end(text);
  });
}

async function answerOf(response: IncomingMessage, ended: AbortSignal): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > ANSWER_BYTES || ended.aborted) throw vaultAway('answered too much, or too late');
    parts.push(part);
  }
  const { statusCode: status = 0 } = response;
  const read = parsed(Buffer.concat(parts).toString('utf8'));
  if (status >= 200 && status < 300) return read;
  throw vaultError(status, read);
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One that was started a moment ago takes nothing that was made before. */
function mayAskAgain({ again = false }: Asked, error: unknown): boolean {
  if (error instanceof AppError) return error instanceof NotTaken;
  return again || NOT_THERE.has((error as { code?: string }).code ?? '');
}

/** Nobody listened: the request was never sent. */
const NOT_THERE = new Set(['ECONNREFUSED', 'ENOENT']);

function shown(error: unknown, late: AbortSignal): AppError {
  if (error instanceof AppError) return error;
  if (late.aborted) return vaultAway('took too long');
  const { name, code = name } = error as Error & { code?: string };
  return vaultAway(`cannot be reached (${code})`);
}
