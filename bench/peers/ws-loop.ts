import { createServer, type Server } from 'node:http';
import { answerParent } from '#bench/load/answer-parent.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';
import { peerModule } from './peer-module.ts';
import { postStore, ROOM } from './post-store.ts';

/** The broadcast that everybody writes first with `ws`: made a string once, then sent to each client in a loop. */
answerParent({ serve });

interface Ws {
  WebSocketServer: new (options: { server: Server; perMessageDeflate: boolean }) => {
    on(event: 'connection', listener: (client: Client) => void): void;
  };
}

interface Client {
  on(event: 'message' | 'close', listener: (data: Buffer) => void): void;
  send(text: string): void;
}

async function serve({ stores }: { stores: boolean }): Promise<number> {
  const { WebSocketServer } = await peerModule<Ws>('ws');
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  const keep = postStore(stores);
  const room = new Set<Client>();
  sockets.on('connection', (client) => {
    client.on('close', () => room.delete(client));
    client.on('message', (data) => {
      const asked = JSON.parse(data.toString()) as { type: string; text: string; clientId: string };
      if (asked.type === 'join') {
        room.add(client);
        client.send(JSON.stringify({ type: 'joined', room: ROOM }));
        return;
      }
      const message = keep(asked.text);
      const text = JSON.stringify({ type: 'message', room: ROOM, message });
      for (const one of room) one.send(text);
      client.send(JSON.stringify({ type: 'posted', clientId: asked.clientId, message }));
    });
  });
  return listenOnLoopback(server);
}
