import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A line to a server that a test can break: TCP, passed on as it comes. */
export interface BrokenLine {
  port: number;
  /** Ends every connection. Others may be made at once, unless it is down. */
  cut(): void;
  /** While down: ends every connection and lets none in. */
  down(is: boolean): void;
  /** While silent: connections stand and nothing passes, neither way. */
  silent(is: boolean): void;
  /** Says something to every client in the server's place. */
  say(bytes: Buffer): void;
  close(): Promise<void>;
}

/** Opens a line on loopback that leads to `port`. */
export async function brokenLine(port: number): Promise<BrokenLine> {
  const pairs = new Set<Pair>();
  const state = { isDown: false, isSilent: false };
  const server = createServer({ noDelay: true }, (client) => {
    if (state.isDown) return void client.destroy();
    const pair = join(client, connect({ port, host: '127.0.0.1', noDelay: true }));
    pairs.add(pair);
    for (const end of pair) end.on('close', () => pairs.delete(pair));
    if (state.isSilent) for (const end of pair) end.pause();
  });
  const cut = (): void => pairs.forEach((pair) => pair.forEach((end) => end.destroy()));
  return {
    port: await listening(server),
    cut,
    down(is) {
      state.isDown = is;
      if (is) cut();
    },
    silent(is) {
      state.isSilent = is;
      for (const pair of pairs) for (const end of pair) end[is ? 'pause' : 'resume']();
    },
    say: (bytes) => pairs.forEach(([client]) => client.write(bytes)),
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

type Pair = [client: Socket, server: Socket];

function join(client: Socket, server: Socket): Pair {
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.on('data', (bytes) => to.write(bytes));
    from.on('error', () => undefined);
    from.on('close', () => to.destroy());
  }
  return [client, server];
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port was given');
  return address.port;
}
