import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { isLoopback } from '#core/loopback.ts';

/** Asks the process beside it in the container whether it lives, and ends with 0 or 1. What it heard goes to stderr. */
const { PORT = '3000', HOST = '127.0.0.1', TLS = 'off' } = process.env;

/** Ms; less than the time that HEALTHCHECK gives, so that the reason is printed. */
const PATIENCE_MS = 4_000;

const everywhere = HOST === '0.0.0.0' || HOST === '::';
const host = everywhere || isLoopback(HOST) ? '127.0.0.1' : HOST;
const ask = TLS === 'off' ? plain : secure;

// The certificate names the service and not this address, and whoever could stand here could stop the process anyway.
const asked = ask({ host, port: PORT, path: '/health/live', timeout: PATIENCE_MS, rejectUnauthorized: false });
asked.once('response', ({ statusCode }) => end(statusCode === 200, `answered ${statusCode}`));
asked.once('timeout', () => end(false, 'no answer'));
asked.once('error', ({ message }) => end(false, message));
asked.end();

function end(well: boolean, heard: string): void {
  if (!well) process.stderr.write(`/health/live at ${host}:${PORT}: ${heard}\n`);
  process.exit(well ? 0 : 1);
}
