import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Config } from './config.ts';

export interface Certificate {
  cert: string;
  key: string;
  /** Days until it ends. */
  daysLeft: number;
}

/** The certificate that `TLS` asks for; one of our own is made where there is none, or where it ends within a week. */
export async function certificate(
  config: Pick<Config, 'TLS' | 'TLS_CERT' | 'TLS_KEY' | 'HOST' | 'PUBLIC_URL'>,
  folder: string,
): Promise<Certificate | undefined> {
  if (config.TLS === 'off') return undefined;
  if (config.TLS === 'files') return load(config.TLS_CERT as string, config.TLS_KEY as string);
  const [certPath, keyPath] = [join(folder, 'tls-cert.pem'), join(folder, 'tls-key.pem')];
  if (existsSync(certPath) && load(certPath, keyPath).daysLeft > 7) return load(certPath, keyPath);
  const made = await selfSigned(config);
  writeFileSync(keyPath, made.key, { mode: 0o600 });
  writeFileSync(certPath, made.cert, { mode: 0o600 });
  return load(certPath, keyPath);
}

/** A certificate or key that cannot be used, with the setting that names it. */
export class WrongCertificate extends Error {
  readonly setting: 'TLS_CERT' | 'TLS_KEY';

  constructor(setting: 'TLS_CERT' | 'TLS_KEY', message: string) {
    super(message);
    this.setting = setting;
  }
}

function load(certPath: string, keyPath: string): Certificate {
  const [cert, key] = [readFileSync(certPath, 'utf8'), readFileSync(keyPath, 'utf8')];
  const read = readOr('TLS_CERT', `${certPath} holds no certificate in PEM.`, () => new X509Certificate(cert));
  const secret = readOr('TLS_KEY', `${keyPath} holds no key in PEM.`, () => createPrivateKey(key));
  if (!read.checkPrivateKey(secret)) throw new WrongCertificate('TLS_KEY', `${keyPath} is not the key of ${certPath}.`);
  return { cert, key, daysLeft: Math.floor((read.validToDate.getTime() - Date.now()) / 86_400_000) };
}

function readOr<T>(setting: 'TLS_CERT' | 'TLS_KEY', wrong: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new WrongCertificate(setting, wrong);
  }
}

async function selfSigned(config: Pick<Config, 'HOST' | 'PUBLIC_URL'>): Promise<{ cert: string; key: string }> {
  const { generate } = await import('selfsigned');
  const told = config.PUBLIC_URL === undefined ? config.HOST : new URL(config.PUBLIC_URL).hostname;
  const names = [...new Set([told.replace(/^\[|\]$/g, ''), 'localhost', '127.0.0.1'])];
  const altNames = names.map((name) =>
    isIP(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
  );
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 365 * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  return { cert: made.cert, key: made.private };
}
