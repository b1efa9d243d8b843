import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
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

function load(certPath: string, keyPath: string): Certificate {
  const cert = readFileSync(certPath, 'utf8');
  const ends = new X509Certificate(cert).validToDate.getTime();
  return { cert, key: readFileSync(keyPath, 'utf8'), daysLeft: Math.floor((ends - Date.now()) / 86_400_000) };
}

async function selfSigned(config: Pick<Config, 'HOST' | 'PUBLIC_URL'>): Promise<{ cert: string; key: string }> {
  const { generate } = await import('selfsigned');
  const name = config.PUBLIC_URL === undefined ? 'localhost' : new URL(config.PUBLIC_URL).hostname;
  const altNames = [...new Set([name, 'localhost'])].map((value) => ({ type: 2 as const, value }));
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    notAfterDate: new Date(Date.now() + 365 * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames: [...altNames, { type: 7 as const, ip: '127.0.0.1' }] }],
  });
  return { cert: made.cert, key: made.private };
}
