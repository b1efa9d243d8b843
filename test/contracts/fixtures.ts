import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pino from 'pino';
import { digest } from '#auth/auth.ts';
import type { Session } from '#auth/sessions.ts';
import { newId, newSecret } from '#core/ids.ts';
import type { Role } from '#core/roles.ts';
import { readConfig, type Config } from '#src/config.ts';
import type { RunningHall } from '#src/roles.ts';
import { insertAccount } from '#storage/accounts.ts';
import { addMember, ensureCommunity, firstCommunity } from '#storage/communities.ts';
import { migrate } from '#storage/migrate.ts';
import { addRoomMember, insertRoom, type Room } from '#storage/rooms.ts';
import { insertSession } from '#storage/sessions.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { Storage } from '#storage/storage.ts';

/** Whatever ends with a test: its context, or a hook of a suite. */
export interface Ends {
  after(act: () => Promise<void> | void): void;
}

/** An empty folder that goes when the test ends. */
export function temporaryFolder(t: Ends): string {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-unit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A migrated SQLite file with its first community, closed when the test ends. */
export async function freshStorage(t: Ends): Promise<Storage> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-unit-'));
  copyFileSync(await migratedFile(), join(folder, 'hall.db'));
  const storage = openSqlite(join(folder, 'hall.db'));
  await foundCommunity(storage);
  t.after(async () => {
    await storage.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return storage;
}

/** The newest schema, and the first community. */
export async function prepare(storage: Storage): Promise<void> {
  await migrate(storage);
  await foundCommunity(storage);
}

async function foundCommunity(storage: Storage): Promise<void> {
  await storage.write((tx) => ensureCommunity(tx.db, 'Guildhall', 1));
}

let migrated: Promise<string> | undefined;

/** A file with the newest schema and nothing in it. It is made once in a process and copied: to migrate costs more than most tests. */
function migratedFile(): Promise<string> {
  return (migrated ??= makeMigratedFile());
}

async function makeMigratedFile(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-schema-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'hall.db');
  const storage = openSqlite(file);
  await migrate(storage);
  await storage.close();
  // Until here all of it may still stand in the log beside the file, which is not copied.
  const database = new DatabaseSync(file);
  database.exec('pragma wal_checkpoint(truncate)');
  database.close();
  return file;
}

/** A member of the first community with a session, made without the cost of a password. */
export interface Somebody extends Session {
  token: string;
}

export async function somebody(storage: Storage, username: string, role: Role = 'member'): Promise<Somebody> {
  const token = newSecret();
  const at = Date.now();
  return storage.write(async (tx) => {
    const operator = role === 'owner';
    const account = await insertAccount(tx.db, { username, name: username, passwordHash: 'none', operator, at });
    if (!account) throw new Error(`${username} is taken`);
    await addMember(tx.db, { community: (await firstCommunity(tx.db)).id, account: account.id, role, at });
    const id = newId('sess');
    const times = { createdAt: at, lastSeenAt: at, idleMs: 3_600_000, expiresAt: at + 86_400_000 };
    await insertSession(tx.db, digest(token), { id, account: account.id, device: 'a test', ...times });
    return { id, account: account.id, username, name: username, operator, token };
  });
}

/** A room of the first community; a private one has only its maker in it. */
export async function roomOf(storage: Storage, by: Pick<Session, 'account'>, isPrivate = false): Promise<Room> {
  return storage.write(async (tx) => {
    const community = (await firstCommunity(tx.db)).id;
    const id = newId('room');
    const room = { id, community, name: id, topic: '', private: isPrivate, seq: 0, createdBy: by.account };
    await insertRoom(tx.db, room, Date.now());
    if (isPrivate) await addRoomMember(tx.db, id, by.account);
    return room;
  });
}

/** The whole program in this process, on a folder of its own. */
export interface OpenHall {
  url: string;
  hall: RunningHall;
  storage: Storage;
  config: Config;
  folder: string;
  /** Stops it where it runs. Its folder goes too. */
  close(): Promise<void>;
}

/** Starts a hall on a free port of loopback. Every limit is wide unless the test sets it. */
export async function openHall(settings: Record<string, string> = {}): Promise<OpenHall> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-unit-'));
  const config = readConfig({ PORT: '0', ...WIDE, ...settings }, folder);
  const logger = pino({ level: 'silent' });
  copyFileSync(await migratedFile(), join(folder, 'hall.db'));
  // Loaded here, as it is the whole program, and most who use this file need its storage alone.
  const { startHall } = await import('#src/roles.ts');
  const hall = await startHall(config, { database: join(folder, 'hall.db'), logger });
  const url = await hall.listen();
  return {
    url,
    hall,
    config,
    folder,
    storage: hall.storage,
    async close() {
      await hall.stop(1_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const WIDE = {
  POST_LIMIT: '100000/10',
  COMMAND_LIMIT: '100000/60',
  READ_LIMIT: '100000/60',
  SIGNUP_LIMIT: '100000/60',
  STOCK_URL: 'http://127.0.0.1:9/q/l/',
};
