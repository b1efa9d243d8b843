import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { unknown } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { ListDatabases } from '#core/verification-list.ts';
import { readPostgresAddress } from '#storage/postgres-address.ts';
import { WrongSettings, type Config } from './config.ts';
import { isMysql, rowsOf, type ListSourceConfig } from './list-databases.ts';

/** Reads the file of `LIST_SOURCES`. Throws `WrongSettings`; no address is ever in its words. */
export function listDatabases({ LIST_SOURCES: path }: Pick<Config, 'LIST_SOURCES'>): ListDatabases {
  const all = path === undefined ? [] : readSources(path);
  const mine = (community: string) => all.filter((one) => one.communities.includes(community));
  return {
    named: (community) => mine(community).map(({ name, everyMinutes }) => ({ name, everyMs: everyMinutes * 60_000 })),
    rows(community, name) {
      const source = mine(community).find((one) => one.name === name);
      if (!source) throw unknown('source');
      return rowsOf(source);
    },
  };
}

function readSources(path: string): ListSourceConfig[] {
  if (!existsSync(path)) throw wrong(`There is no file ${path}.`);
  const read = File.safeParse(parsed(path));
  if (!read.success)
    throw wrong(...read.error.issues.slice(0, 5).map(({ path: at, message }) => `${at.join('.')}: ${message}`));
  const names = read.data.map(({ name }) => name);
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice !== undefined) throw wrong(`Two sources are called ${twice}.`);
  for (const one of read.data) needSafeWay(one);
  return read.data.map(({ every, ca, ...one }) => {
    return { ...one, everyMinutes: every, ...(ca !== undefined && { ca: readFileSync(ca, 'utf8') }) };
  });
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    throw wrong(`${path} is not JSON, or cannot be read.`);
  }
}

/** As for `DATABASE_URL`: what leaves this machine is encrypted, and who answers is checked. */
function needSafeWay({ name, url, ca }: z.infer<typeof Source>): void {
  if (ca !== undefined && !existsSync(ca)) throw wrong(`${name}: there is no file ${ca}.`);
  if (isMysql(url)) {
    if (new URL(url).search !== '') throw wrong(`${name}: words behind ? in a mysql address are not used here.`);
    return;
  }
  try {
    readPostgresAddress(url);
  } catch (error) {
    throw wrong((error as Error).message.replace('DATABASE_URL', name));
  }
}

function wrong(...lines: string[]): WrongSettings {
  return new WrongSettings([{ name: 'LIST_SOURCES', lines: [...lines, 'How it is written: docs/verification.md'] }]);
}

const Source = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,29}$/, 'is a name such as shop: a–z, 0–9 and -'),
  url: z.string().refine(isAddress, 'is not an address such as postgres://user:password@host/database'),
  query: z.string().trim().min(1).max(10_000),
  every: z.number().int().min(LIMITS.sourceMinutes).max(10_080).default(60),
  communities: z.array(z.string().min(1).max(100)).min(1).max(1_000),
  ca: z.string().optional(),
});
const File = z.array(Source).max(100);

function isAddress(url: string): boolean {
  return URL.canParse(url) && /^(postgres|postgresql|mysql|mariadb):$/.test(new URL(url).protocol);
}
