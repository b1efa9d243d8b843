import { createServer } from 'node:http';
import { answerParent } from '#bench/load/answer-parent.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';
import { peerModule } from './peer-module.ts';
import { postStore, ROOM } from './post-store.ts';

/** Socket.IO 4 as its guide shows a chat room: a post is stored, then emitted to the room. https://socket.io/docs/v4/rooms/ */
answerParent({ serve });

interface SocketIo {
  Server: new (
    server: ReturnType<typeof createServer>,
    options: object,
  ) => { on(event: 'connection', listener: (socket: Socket) => void): void; to(room: string): Emitter };
}

interface Emitter {
  emit(event: string, ...values: unknown[]): void;
}

interface Socket extends Emitter {
  on(event: string, listener: (value: { text: string; clientId: string }) => void): void;
  join(room: string): void;
}

async function serve({ stores }: { stores: boolean }): Promise<number> {
  const { Server } = await peerModule<SocketIo>('socket.io');
  const server = createServer();
  const io = new Server(server, { transports: ['websocket'], serveClient: false });
  const keep = postStore(stores);
  io.on('connection', (socket) => {
    socket.on('join', () => {
      socket.join(ROOM);
      socket.emit('joined', ROOM);
    });
    socket.on('post', ({ text, clientId }) => {
      const message = keep(text);
      io.to(ROOM).emit('message', { room: ROOM, message });
      socket.emit('posted', { clientId, message });
    });
  });
  return listenOnLoopback(server);
}
