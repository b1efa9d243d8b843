import type { WebSocket } from 'ws';
import type { Encoder } from './encoding.ts';
import type { Platform } from './platform.ts';
import type { Packet, Session } from './sessions.ts';

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes */
export const OPS = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  presence: 3,
  voice: 4,
  resume: 6,
  reconnect: 7,
  members: 8,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
} as const;

/** One WebSocket of a client. */
export interface Connection {
  socket: WebSocket;
  encode: Encoder;
  /** By the transport, so that payloads are not compressed by themselves as well. */
  compressed: boolean;
  session: Session | undefined;
  /** Open, but nothing that comes is read and nothing is sent. */
  mute: boolean;
  /** The end of the time within which the client must say that it lives. */
  deadline: NodeJS.Timeout | undefined;
  frames: { count: number; since: number };
  send(packet: Packet): void;
  close(code: number, reason: string): void;
}

export interface GatewayState {
  platform: Platform;
  connections: Set<Connection>;
  waiting: (() => void)[];
  lastIdentify: number;
}
