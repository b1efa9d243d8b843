import { answerParent } from '#bench/load/answer-parent.ts';
import { source } from './source.ts';

/** The check that every request and every upgrade begins with, on a database file and without HTTP around it. */
answerParent({ fill, check });

interface Source {
  openSqlite(path: string): Storage;
  migrate(storage: Storage): Promise<number>;
  insertAccount(db: unknown, made: object): Promise<{ id: string }>;
  insertSession(db: unknown, tokenHash: string, session: object): Promise<void>;
  digest(secret: string): string;
  newSecret(): string;
  checkSession(auth: object, token: string): Promise<{ account: string } | undefined>;
}

interface Storage {
  write<T>(work: (tx: { db: unknown }) => Promise<T>): Promise<T>;
}

const MODULES = [
  'storage/sqlite.ts',
  'storage/migrate.ts',
  'storage/accounts.ts',
  'storage/sessions.ts',
  'auth/auth.ts',
  'core/ids.ts',
  'auth/sessions.ts',
];

let ours: Source;
let storage: Storage;
const tokens: string[] = [];

/** One person a session. */
async function fill({ path, sessions }: { path: string; sessions: number }): Promise<void> {
  ours = Object.assign({}, ...(await Promise.all(MODULES.map((module) => source<object>(module))))) as Source;
  storage = ours.openSqlite(path);
  await ours.migrate(storage);
  await storage.write(async ({ db }) => {
    for (let number = 0; number < sessions; number++) await addSession(db, number);
  });
}

async function addSession(db: unknown, number: number): Promise<void> {
  const at = Date.now();
  const token = ours.newSecret();
  const made = { username: `person${number}`, name: `Person ${number}`, passwordHash: '-', operator: false, at };
  const { id } = await ours.insertAccount(db, made);
  const times = { createdAt: at, lastSeenAt: at, idleMs: 3_600_000, expiresAt: at + 3_600_000 };
  await ours.insertSession(db, ours.digest(token), { id: `sess_${number}`, account: id, device: 'bench', ...times });
  tokens.push(token);
}

/** µs for one check, each of another session than the last. */
async function check({ warm, seconds }: { warm: number; seconds: number }): Promise<number> {
  await checksFor(warm);
  const began = performance.now();
  const checks = await checksFor(seconds);
  return ((performance.now() - began) * 1_000) / checks;
}

async function checksFor(seconds: number): Promise<number> {
  const auth = { storage, clock: Date.now };
  const end = performance.now() + seconds * 1_000;
  let checks = 0;
  while (performance.now() < end) {
    const token = tokens[checks++ % tokens.length] as string;
    if (!(await ours.checkSession(auth, token))) throw new Error('a session that is there was not found');
  }
  return checks;
}
