import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import pino from 'pino';
import { readConfig, type ProcessRole } from '#src/config.ts';
import { startRole } from '#src/roles.ts';
import { stageFeature } from './stage-commands.ts';

/** What is under way at a stop may end, but nobody waits for work of seconds. */
const SOON_MS = 200;

/**
 * One role of the program, as `src/main.ts` starts it, with the commands of the stage beside its own:
 * `role-with-features.ts --role bot`, and their names in STAGE_COMMANDS, with commas between.
 */
const { values } = parseArgs({ options: { role: { type: 'string', default: 'all' } } });
const role = values.role as ProcessRole;
const { STAGE_COMMANDS = '', ...env } = process.env;
const config = readConfig(env, process.cwd(), role);
const logger = pino({ level: config.LOG_LEVEL }, pino.destination(2));
const features = [stageFeature(...STAGE_COMMANDS.split(','))];
const running = await startRole(config, role, { database: '', logger, features });
await running.listen();
closeWithGrace({ delay: 20_000, logger: false }, () => running.stop(SOON_MS));
