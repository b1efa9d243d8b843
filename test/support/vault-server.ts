import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as plain, type Server } from 'node:http';
import { request as secure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { seal } from '#contracts/sealed.ts';
import { REQUEST_HEADERS, type SealedSecret } from '#contracts/vault.ts';
import { AUDIT_FILE, openAudit, type AuditEntry } from '#vault/audit.ts';
import { caller } from '#vault/call.ts';
import { createGovernor } from '#vault/governor.ts';
import { openKeys } from '#vault/keys.ts';
import { leaser } from '#vault/lease.ts';
import { providersOf } from '#vault/providers.ts';
import { replays } from '#vault/replays.ts';
import { totpChecker } from '#vault/totp.ts';
import { vaultServers } from '#vault/server.ts';
import { serviceCertificates } from './service-certificates.ts';

/** One request. What is not given is as it should be. */
export interface Asked {
  path: string;
  body?: unknown;
  id?: string;
  at?: number;
  /** Instead of ours. */
  headers?: Record<string, string>;
  tls?: 'TLSv1.2';
}

export interface Told {
  status: number;
  code: string | undefined;
  text: string;
}

/** The vault's servers in this process, on a folder of their own. */
export interface TestServer {
  socket: string;
  url: string;
  /** `as`: by whose certificate; `nobody` has none, `foreign` one of another authority, `expired` one that has ended; undefined: over the socket. */
  ask(asked: Asked & { as: string | undefined }): Promise<Told>;
  sealed(value: string): Promise<SealedSecret>;
  audited(): AuditEntry[];
  /** Open ones on the socket. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

export async function startTestServer(tornUrl = 'http://127.0.0.1:1'): Promise<TestServer> {
  const certificates = await serviceCertificates();
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-vault-'));
  const keys = await openKeys(folder);
  const audit = openAudit(folder);
  const providers = providersOf({ tornUrl, twitchAuthUrl: 'http://127.0.0.1:1' });
  const asking = { keys, providers, audit, governor: createGovernor(), clock: Date.now };
  const parts = {
    keys,
    audit,
    call: caller(asking).call,
    lease: leaser(asking).lease,
    totp: totpChecker(asking),
    replays: begun(),
  };
  const { here, elsewhere } = vaultServers(parts, pemOf(certificates, 'vault'));
  const socket = join(folder, 'socket');
  await listening(here, socket);
  await listening(elsewhere as Server, 0);
  const { port } = (elsewhere as Server).address() as AddressInfo;
  return {
    socket,
    url: `https://127.0.0.1:${port}`,
    async ask({ as, ...asked }) {
      const at = as === undefined ? { socketPath: socket } : await tlsOf(certificates, as, port);
      return send(at, asked);
    },
    async sealed(value) {
      const belonging = { owner: 'acc_1', purpose: 'torn' };
      return { ...belonging, sealed: await seal(keys.publicKey(), new TextEncoder().encode(value), belonging) };
    },
    audited: () => readAudit(folder),
    connections: () => new Promise((resolve) => here.getConnections((_error, count) => resolve(count))),
    async close() {
      for (const server of [here, elsewhere]) {
        server?.close();
        server?.closeAllConnections();
      }
      keys.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As a vault that has run for a minute has them. */
function begun(): ReturnType<typeof replays> {
  return replays(Date.now, () => 60_000);
}

function listening(server: Server, at: string | number): Promise<void> {
  return new Promise((resolve) => {
    if (typeof at === 'string') server.listen(at, resolve);
    else server.listen(at, '127.0.0.1', resolve);
  });
}

interface Pem {
  cert: Buffer;
  key: Buffer;
  ca: Buffer;
}

function pemOf(certificates: string, name: string): Pem {
  const file = (end: string): Buffer => readFileSync(join(certificates, name, `${end}.pem`));
  return { cert: file('cert'), key: file('key'), ca: file('ca') };
}

async function tlsOf(certificates: string, as: string, port: number): Promise<object> {
  const { ca } = pemOf(certificates, 'vault');
  const at = { host: '127.0.0.1', port, ca, secure: true };
  if (as === 'nobody') return at;
  if (as === 'foreign') return { ...at, ...(await foreign()) };
  if (as === 'expired') return { ...at, ...(await expired(certificates)) };
  return { ...at, ...pemOf(certificates, as) };
}

/** It says that it is the hall, by an authority that nobody knows. */
async function foreign(): Promise<{ cert: string; key: string }> {
  const made = await generate([{ name: 'commonName', value: 'hall' }], { keyType: 'ec', algorithm: 'sha256' });
  return { cert: made.cert, key: made.private };
}

/** The hall's, by the right authority, until a minute ago. */
async function expired(certificates: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = ['ca.pem', 'ca-key.pem'].map((file) => readFileSync(join(certificates, file), 'utf8')) as [
    string,
    string,
  ];
  const from = new X509Certificate(cert).validFromDate;
  const made = await generate([{ name: 'commonName', value: 'hall' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: from,
    notAfterDate: new Date(Date.now() - 60_000),
    ca: { cert, key },
  });
  return { cert: made.cert, key: made.private };
}

function send(at: object, { path, body, id, at: when, headers, tls }: Asked): Promise<Told> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const ours = { [REQUEST_HEADERS.id]: id ?? randomUUID(), [REQUEST_HEADERS.at]: String(when ?? Date.now()) };
  const options = {
    ...at,
    path,
    method: body === undefined ? 'GET' : 'POST',
    headers: headers ?? ours,
    agent: false,
    ...(tls && { maxVersion: tls }),
  };
  return new Promise((resolve, reject) => {
    const asking = 'secure' in at ? secure(options) : plain(options);
    asking.once('error', reject);
    asking.once('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part)).once('error', reject);
      response.once('end', () => resolve(told(response.statusCode ?? 0, Buffer.concat(parts).toString())));
    });
    asking.end(text);
  });
}

function told(status: number, text: string): Told {
  const { code } = (text === '' ? {} : JSON.parse(text)) as { code?: string };
  return { status, code, text };
}

function readAudit(folder: string): AuditEntry[] {
  const lines = readFileSync(join(folder, AUDIT_FILE), { encoding: 'utf8', flag: 'a+' }).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditEntry);
}
