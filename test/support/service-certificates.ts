import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificates } from '#src/certs.ts';
import type { Settings } from './deployment.ts';

let folder: Promise<string> | undefined;

/** A folder as `guildhall certs` makes it, one for all tests of this process. */
export function serviceCertificates(): Promise<string> {
  return (folder ??= make());
}

/** The settings by which a role shows who it is. */
export function serviceSettings(certificates: string, role: string): Settings {
  const file = (name: string): string => join(certificates, role, name);
  return { SERVICE_CERT: file('cert.pem'), SERVICE_KEY: file('key.pem'), SERVICE_CA: file('ca.pem') };
}

async function make(): Promise<string> {
  const made = mkdtempSync(join(tmpdir(), 'guildhall-certs-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  await issueCertificates(made, { hosts: [], renew: false });
  return made;
}
