import { readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { openAudit } from './audit.ts';
import { caller } from './call.ts';
import { createGovernor } from './governor.ts';
import { openKeys } from './keys.ts';
import { leaser } from './lease.ts';
import { LISTENING } from './listening.ts';
import { createOutgoing } from './outgoing.ts';
import { providersOf } from './providers.ts';
import { replays } from './replays.ts';
import { totpChecker } from './totp.ts';
import { vaultServers, type VaultServers } from './server.ts';
import { VaultSettings, type VaultReady } from './settings.ts';

/**
 * The vault, a process of its own. It is told its settings by the first line of its input, prints one line when it can be
 * asked, and ends when its input does: then who started it is gone.
 */
const input = createInterface({ input: process.stdin });
input.once('line', (line) => {
  start(VaultSettings.parse(JSON.parse(line))).catch(giveUp);
});
input.once('close', () => process.exit(0));
// Ctrl C goes to all processes of a terminal. When this one stops is for its parent to say.
process.on('SIGINT', () => undefined);
// Where Node knows no --disable-sigusr1, this keeps its inspector shut.
process.on('SIGUSR1', () => undefined);

async function start(settings: VaultSettings): Promise<void> {
  process.umask(0o077);
  const keys = await openKeys(settings.folder);
  const audit = openAudit(settings.folder);
  const providers = providersOf(settings.providers);
  const asking = {
    keys,
    providers,
    audit,
    governor: createGovernor(),
    outgoing: createOutgoing(),
    clock: Date.now,
  };
  const { call } = caller(asking);
  const { lease } = leaser(asking);
  const totp = totpChecker(asking);
  const servers = vaultServers({ keys, audit, call, lease, totp, replays: replays() }, certificateOf(settings));
  const port = await listen(servers, settings);
  process.once('SIGTERM', () => drain(servers));
  const { state, why } = keys.status();
  const ready: VaultReady = { state, made: keys.made, ...(why !== undefined && { why }), ...(port && { port }) };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

function certificateOf({ listen: at }: VaultSettings): { cert: Buffer; key: Buffer; ca: Buffer } | undefined {
  return at && { cert: readFileSync(at.cert), key: readFileSync(at.key), ca: readFileSync(at.ca) };
}

/** Gives the port for other machines. */
async function listen({ here, elsewhere }: VaultServers, settings: VaultSettings): Promise<number | undefined> {
  // What a killed vault left there; the folder's lock says that no other one runs.
  if (!settings.socket.startsWith('\\\\')) rmSync(settings.socket, { force: true });
  await listening(here, { path: settings.socket });
  if (!elsewhere || !settings.listen) return undefined;
  const { host, port } = settings.listen;
  await listening(elsewhere, { host, port });
  return (elsewhere.address() as AddressInfo).port;
}

function listening(server: Server, at: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Takes nothing more, ends what is under way, and then the process. */
function drain({ here, elsewhere }: VaultServers): void {
  const open = [here, elsewhere].filter((server) => server !== undefined);
  const closed = open.map((server) => new Promise((resolve) => server.close(resolve)));
  void Promise.all(closed).then(() => process.exit(0));
  setTimeout(() => process.exit(0), LISTENING.drainMs).unref();
}

function giveUp(error: unknown): never {
  process.stderr.write(`${JSON.stringify({ level: 'error', msg: (error as Error).message })}\n`);
  process.exit(1);
}
