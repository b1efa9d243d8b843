import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port on loopback that was free a moment ago, and that the system gives to no connection by itself meanwhile: systems
 * take those from 32,768 on, https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range).
 */
export async function freePort(): Promise<number> {
  for (let n = 0; n < TRIES; n++) {
    const port = LEAST + Math.floor(Math.random() * (MOST - LEAST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port in ${TRIES} tries`);
}

const LEAST = 15_000;
const MOST = 32_000;
const TRIES = 100;

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
