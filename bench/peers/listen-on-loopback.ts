import type { Server } from 'node:http';

/** Listens on a free port of 127.0.0.1 and returns it. */
export function listenOnLoopback(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}
