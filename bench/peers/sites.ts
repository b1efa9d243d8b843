import { startProgram, type Program } from '#bench/load/programs.ts';
import type { Site } from '#bench/load/site.ts';

/** A server that is up, and how to talk to it. */
export interface Running {
  site: Site;
  stop(): Promise<void>;
}

/** Socket.IO with the websocket transport alone, spoken by hand: https://socket.io/docs/v4/socket-io-protocol/ */
export async function startSocketIo(stores: boolean): Promise<Running> {
  return start(new URL('socket-io.ts', import.meta.url), stores, {
    path: '/socket.io/?EIO=4&transport=websocket',
    tokens: [],
    greeting: [{ until: '0{', say: '40' }, { until: '40{', say: '42["join"]' }, { until: '42["joined"' }],
    delivery: { at: 4, bytes: 'mess' },
    acknowledgement: { at: 4, bytes: 'post' },
    post: '42["post",{"text":"TEXT","clientId":"CLIENT"}]',
  });
}

export async function startWsLoop(stores: boolean): Promise<Running> {
  return start(new URL('ws-loop.ts', import.meta.url), stores, {
    path: '/',
    tokens: [],
    greeting: [{ say: '{"type":"join"}' }, { until: '"joined"' }],
    delivery: { at: 9, bytes: 'mess' },
    acknowledgement: { at: 9, bytes: 'post' },
    post: '{"type":"post","text":"TEXT","clientId":"CLIENT"}',
  });
}

async function start(path: URL, stores: boolean, site: Omit<Site, 'port'>): Promise<Running> {
  const program: Program = startProgram(path);
  const port = await program.ask<number>('serve', { stores });
  return { site: { ...site, port }, stop: () => program.stop() };
}
