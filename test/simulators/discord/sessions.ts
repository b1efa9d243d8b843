import { randomBytes } from 'node:crypto';
import { may, permissionsOf } from './permissions.ts';
import { type Happening, keep, keepIn, type Platform } from './platform.ts';
import { texts } from './texts.ts';
import type { Guild } from './world.ts';

/** What goes over the gateway: https://discord.com/developers/docs/topics/gateway-events#payload-structure */
export interface Packet {
  op: number;
  d: unknown;
  s?: number;
  t?: string;
}

/** One client's view of what happens. It outlives its connection, so that the client can come back and miss nothing. */
export interface Session {
  id: string;
  token: string;
  intents: number;
  shard: [number: number, count: number];
  sequence: number;
  /** What was told, for a resume; the newest. */
  history: Packet[];
  /** Where it is told, while a connection holds it. */
  send: ((packet: Packet) => void) | undefined;
  droppedAt: number | undefined;
}

export interface Sessions {
  all: Map<string, Session>;
  open(asked: Pick<Session, 'token' | 'intents' | 'shard'>): Session;
  /** How many were opened so far. */
  opened(): number;
  find(id: string): Session | undefined;
  drop(session: Session): void;
  /** Tells one session alone. */
  tell(session: Session, name: string, data: unknown): Packet;
  /** Tells everyone who may hear of it. */
  happen(happening: Happening): void;
  again(key: string): void;
}

/** What the sessions stand on. */
type Ground = Pick<Platform, 'settings' | 'world' | 'faults'>;

/** Sessions that nobody came back to are forgotten beyond this many. */
const MOST_SESSIONS = 100;

export function createSessions(platform: Ground): Sessions {
  const all = new Map<string, Session>();
  const delivered = new Map<string, Happening>();
  let count = 0;
  const happen = (happening: Happening): void => {
    if (happening.key) keepIn(delivered, happening.key, happening);
    for (const session of [...all.values()].filter((one) => !isGone(platform, one)))
      tellIfMay(platform, session, happening);
  };
  return {
    all,
    opened: () => count,
    open(asked) {
      count += 1;
      return newSession(all, asked);
    },
    find: (id) => [all.get(id)].find((session) => session && !isGone(platform, session)),
    drop: (session) => void all.delete(session.id),
    tell,
    happen,
    again(key) {
      const happening = delivered.get(key);
      if (!happening) throw new Error(texts.noEvent(key));
      happen(happening);
    },
  };
}

function newSession(all: Map<string, Session>, asked: Pick<Session, 'token' | 'intents' | 'shard'>): Session {
  const id = randomBytes(16).toString('hex');
  const session: Session = { ...asked, id, sequence: 0, history: [], send: undefined, droppedAt: undefined };
  keepIn(all, id, session, MOST_SESSIONS);
  return session;
}

/** Nobody came back in time. */
const isGone = ({ settings }: Ground, { droppedAt }: Session): boolean =>
  droppedAt !== undefined && Date.now() - droppedAt > settings.resumeWithinMs;

function tell(session: Session, name: string, data: unknown): Packet {
  session.sequence += 1;
  const packet = { op: 0, t: name, s: session.sequence, d: data };
  keep(session.history, packet);
  session.send?.(packet);
  return packet;
}

function tellIfMay(platform: Ground, session: Session, happening: Happening): void {
  if (!mayHear(platform, session, happening)) return;
  const packet = tell(session, happening.name, happening.tell(session.intents));
  const { duplicate, random } = platform.faults;
  if (duplicate || (random && random.chance() < random.rate.duplicate)) session.send?.(packet);
}

function mayHear({ world }: Ground, session: Session, { intents, guild, channel }: Happening): boolean {
  if (intents !== 0 && (session.intents & intents) === 0) return false;
  if (shardOf(guild, session.shard[1]) !== session.shard[0]) return false;
  if (!guild) return true;
  const member = guild.members.get(world.bot.id);
  return member !== undefined && (!channel || may(permissionsOf(guild, member, channel), 'VIEW_CHANNEL'));
}

/** https://discord.com/developers/docs/topics/gateway#sharding: what is in no guild goes to the first shard. */
export const shardOf = (guild: Guild | undefined, count: number): number =>
  guild ? Number((BigInt(guild.id) >> 22n) % BigInt(count)) : 0;
