import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answerParent } from './load/answer-parent.ts';
import { SETTINGS } from './ours/hall.ts';
import { ROOT, source } from './ours/source.ts';

/** The hall in another composition, for posts.durable: on SQLite in memory, or with a commit for each post. */
answerParent({ open });

interface Source {
  startHall(config: object, options: object): Promise<Hall>;
  readConfig(env: object, folder: string): object;
  ownerCode(auth: unknown): Promise<string>;
}

interface Hall {
  auth: unknown;
  listen(): Promise<string>;
}

interface Asked {
  folder: string;
  /** A path or `:memory:`. */
  database: string;
  batch?: number;
}

/** Starts it on a free port. Returns the port and the code of the owner's first link. */
async function open({ folder, database, batch }: Asked): Promise<{ port: number; first: string }> {
  const modules = ['roles.ts', 'config.ts', 'auth/sign-up.ts'].map((path) => source<object>(path));
  const { startHall, readConfig, ownerCode } = Object.assign({}, ...(await Promise.all(modules))) as Source;
  const config = readConfig({ ...SETTINGS, PORT: '0', GUILDHALL_DATA: join(folder, 'data') }, folder);
  const pino = createRequire(ROOT)('pino') as (options: object) => unknown;
  const hall = await startHall(config, { database, logger: pino({ level: 'error' }), ...(batch && { batch }) });
  return { port: Number(new URL(await hall.listen()).port), first: await ownerCode(hall.auth) };
}
