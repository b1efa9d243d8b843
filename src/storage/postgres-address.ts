import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { isLoopback } from '#core/loopback.ts';

/** Where the database is, and how the way there is secured. */
export interface PostgresAddress {
  /** Without its words about TLS, and without `options`. */
  connectionString: string;
  ssl: ConnectionOptions | false;
  /** Settings of the session, as the server's command line has them. */
  options?: string;
}

/**
 * Reads `DATABASE_URL`. `sslmode` may be `disable`; `require`, `verify-ca` and `verify-full` all mean the last: the
 * certificate is checked, and the name in it. `sslrootcert` is the file of the authority that signed it, unless `ca`
 * (PEM) is given; else those that Node knows. `sslcert` and `sslkey` are a certificate of our own. Without `sslmode`
 * the way is secured where it leaves this machine. Throws a sentence for what weakens that.
 * https://www.postgresql.org/docs/current/libpq-ssl.html
 */
export function readPostgresAddress(url: string, ca?: string): PostgresAddress {
  const at = new URL(url);
  const take = (name: string): string | undefined => {
    const value = at.searchParams.get(name) ?? undefined;
    at.searchParams.delete(name);
    return value;
  };
  const other = UNUSED.find((name) => take(name) !== undefined);
  if (other) throw new Error(`DATABASE_URL: ${other} is not used here. Say sslmode=verify-full.`);
  const mode = take('sslmode') ?? (isHere(at) ? 'disable' : 'verify-full');
  const files = { ca: take('sslrootcert'), cert: take('sslcert'), key: take('sslkey') };
  const options = take('options');
  const address = { connectionString: at.href, ...(options && { options }) };
  if (mode === 'disable' && !isHere(at))
    throw new Error('DATABASE_URL: the database is on another machine. Say sslmode=verify-full.');
  if (mode === 'disable') return { ...address, ssl: false };
  if (!VERIFIED.has(mode))
    throw new Error(`DATABASE_URL: sslmode=${mode} does not check who answers. Use sslmode=verify-full.`);
  const given = Object.entries(files).flatMap(([name, path]) => (path ? [[name, readFileSync(path, 'utf8')]] : []));
  return { ...address, ssl: { ...(ca && { ca }), ...Object.fromEntries(given), rejectUnauthorized: true } };
}

/** Words of the driver and of libpq that would go round what we say. https://node-postgres.com/features/ssl */
const UNUSED = ['ssl', 'sslnegotiation', 'uselibpqcompat', 'sslpassword'];

const VERIFIED = new Set(['require', 'verify-ca', 'verify-full']);

/** On this machine: a loopback address or a socket in the file system. */
function isHere(at: URL): boolean {
  const host = at.searchParams.get('host') ?? at.hostname;
  return isLoopback(host) || host === '' || host.startsWith('/') || /^%2f/i.test(host);
}
