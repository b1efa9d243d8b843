import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { generate as Generate } from 'selfsigned';

/**
 * Who has a certificate where the program runs as several processes: the roles, the engines and the proxy. Each is
 * reached by this name in `ops/compose.split.yaml`.
 */
export const HOLDERS: readonly string[] =
  'all hall bot worker discord slack twitch vault sandbox postgres rabbitmq redis caddy'.split(' ');

export interface CertificateWish {
  /** Names and addresses beside the holder's own: in every certificate, or with `holder` in that one alone. */
  hosts: { host: string; holder?: string }[];
  /** Makes every certificate anew, with a new key. The authority stays, unless its own end is nearer than theirs would be. */
  renew: boolean;
}

/** One certificate of the folder, after the work. `authority` is the one that signs the others. */
export interface Issued {
  name: string;
  made: boolean;
  daysLeft: number;
}

/** Days that a certificate holds: what Apple's systems take at most. https://support.apple.com/en-us/103769 */
const LEAF_DAYS = 825;

/** Days that the authority holds: ten years, as every process has to be given a new one by hand. */
const AUTHORITY_DAYS = 3_650;

/** A certificate that ends sooner counts as missing: a month is time enough to restart what uses it. */
const LEAST_DAYS = 30;

const DAY_MS = 86_400_000;

/** They hold from an hour ago on, as the clocks of other machines may be behind. */
const EARLIER_MS = 3_600_000;

/**
 * Makes what is missing in `folder`: `ca.pem` and `ca-key.pem`, and for each holder a folder with `cert.pem`, `key.pem`
 * and a copy of `ca.pem`, so that a process needs to be given that one folder. What is there and right stays.
 */
export async function issueCertificates(folder: string, wish: CertificateWish): Promise<Issued[]> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { pair, made } = await authorityOf(folder, wish.renew);
  const issued: Issued[] = [{ name: 'authority', made, daysLeft: daysLeft(pair.cert) }];
  for (const name of HOLDERS) issued.push(await issueOne(join(folder, name), name, { pair, wish }));
  return issued;
}

/** A certificate and its key, PEM. */
interface Pair {
  cert: string;
  key: string;
}

async function authorityOf(folder: string, renew: boolean): Promise<{ pair: Pair; made: boolean }> {
  const [certPath, keyPath] = [join(folder, 'ca.pem'), join(folder, 'ca-key.pem')];
  const there = readPair(certPath, keyPath);
  if (there && daysLeft(there.cert) > (renew ? LEAF_DAYS : LEAST_DAYS)) return { pair: there, made: false };
  const pair = await makeAuthority();
  put(keyPath, pair.key, 0o600);
  put(certPath, pair.cert, 0o644);
  return { pair, made: true };
}

async function issueOne(folder: string, name: string, by: { pair: Pair; wish: CertificateWish }): Promise<Issued> {
  const names = namesOf(name, by.wish);
  const [certPath, keyPath, caPath] = ['cert.pem', 'key.pem', 'ca.pem'].map((file) => join(folder, file)) as [
    string,
    string,
    string,
  ];
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const there = by.wish.renew ? undefined : readPair(certPath, keyPath);
  const good =
    there && daysLeft(there.cert) > LEAST_DAYS && signedBy(by.pair.cert, there.cert) && has(there.cert, names);
  const pair = good ? there : await makeLeaf(name, names, by.pair);
  if (!good) {
    put(keyPath, pair.key, 0o600);
    put(certPath, pair.cert, 0o644);
  }
  if (!existsSync(caPath) || readFileSync(caPath, 'utf8') !== by.pair.cert) put(caPath, by.pair.cert, 0o644);
  return { name, made: !good, daysLeft: daysLeft(pair.cert) };
}

function namesOf(name: string, { hosts }: CertificateWish): string[] {
  const asked = hosts.filter(({ holder }) => holder === undefined || holder === name).map(({ host }) => host);
  return [...new Set([name, 'localhost', '127.0.0.1', '::1', ...asked])];
}

/** The pair, where both files are there and belong to each other. */
function readPair(certPath: string, keyPath: string): Pair | undefined {
  if (!existsSync(certPath) || !existsSync(keyPath)) return undefined;
  const [cert, key] = [readFileSync(certPath, 'utf8'), readFileSync(keyPath, 'utf8')];
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? { cert, key } : undefined;
  } catch {
    return undefined;
  }
}

function daysLeft(cert: string): number {
  return Math.floor((new X509Certificate(cert).validToDate.getTime() - Date.now()) / DAY_MS);
}

function signedBy(authority: string, cert: string): boolean {
  return new X509Certificate(cert).verify(new X509Certificate(authority).publicKey);
}

function has(cert: string, names: string[]): boolean {
  const read = new X509Certificate(cert);
  return names.every((name) => (isIP(name) ? read.checkIP(name) : read.checkHost(name)) !== undefined);
}

/** Its name is its own, so that a certificate of an older authority is never taken for one of this. */
function makeAuthority(): Promise<Pair> {
  return generate(`Guildhall authority ${randomBytes(4).toString('hex')}`, {
    days: AUTHORITY_DAYS,
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

/** Good for both ends of a connection: the vault and the sandbox ask their callers for one, too. */
function makeLeaf(name: string, names: string[], authority: Pair): Promise<Pair> {
  const altNames = names.map((one) => (isIP(one) ? { type: 7 as const, ip: one } : { type: 2 as const, value: one }));
  return generate(name, {
    days: Math.min(LEAF_DAYS, daysLeft(authority.cert)),
    authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
}

type Options = NonNullable<Parameters<typeof Generate>[1]>;

async function generate(
  commonName: string,
  asked: { days: number; extensions: NonNullable<Options['extensions']>; authority?: Pair },
): Promise<Pair> {
  const { generate: make } = await import('selfsigned');
  const from = Date.now() - EARLIER_MS;
  const made = await make([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(from),
    notAfterDate: new Date(from + asked.days * DAY_MS),
    extensions: asked.extensions,
    ...(asked.authority && { ca: asked.authority }),
  });
  return { cert: made.cert, key: made.private };
}

/** Whole or not at all; and as the folder's owner has it, so that root may renew what a process of another user reads. */
function put(path: string, text: string, mode: number): void {
  const half = `${path}.half`;
  writeFileSync(half, text, { mode });
  const { uid, gid } = statSync(join(path, '..'));
  if (process.getuid?.() === 0) chownSync(half, uid, gid);
  renameSync(half, path);
}
