import type { Bus } from '#bus/bus.ts';
import type { Clock } from '#core/clock.ts';
import { refused, unknown, type AppError } from '#core/errors.ts';
import type { LiveEvent } from '#core/live.ts';
import { whyNot, type Action } from '#core/permission.ts';
import type { Role } from '#core/roles.ts';
import type { Scope } from '#core/scopes.ts';
import { standingRefusal } from '#core/standing.ts';
import { roleIn } from '#storage/communities.ts';
import { communityOfRoom, findRoomFor, toRoom, type Room } from '#storage/rooms.ts';
import { atGate } from '#storage/gate.ts';
import { findStanding } from '#storage/sanctions.ts';
import type { Storage } from '#storage/storage.ts';
import type { HouseOrder } from './house-order.ts';

/** What every act in the chat needs. */
export interface Chat {
  storage: Storage;
  bus: Pick<Bus, 'announce'>;
  clock: Clock;
  /** What a community decided about who may say what; where it is left out nothing is refused. */
  order?: HouseOrder;
}

/** Who acts. */
export interface Person {
  account: string;
  username: string;
  name: string;
  /** What their program may, where it is one that acts for them. */
  scopes?: ReadonlySet<Scope>;
}

export interface SeenRoom extends Room {
  /** The asker's role in the room's community. */
  role: Role;
  slowSeconds: number;
  /** Grows with each change of what may be said in the community; 0: nothing was ever decided. */
  orderSeq: number;
}

/** The room, if this person may see it and do `action` in it. 404 where they may not see it, 403 where they may not act. */
export async function enterRoom(chat: Chat, person: Person, roomId: string, action: Action): Promise<SeenRoom> {
  const [row] = await findRoomFor(chat.storage.db, person.account, roomId);
  if (!row) throw (await banned(chat, person, roomId)) ?? unknown('room');
  if (row.private === 1 && row.invited === null) throw unknown('room');
  const room = {
    ...toRoom(row),
    role: row.role as Role,
    slowSeconds: row.slow_seconds,
    orderSeq: row.order_seq,
  };
  const refusal = whyNot({ account: person.account, role: room.role }, action, { owner: room.createdBy });
  if (refusal) throw (await notVerified(chat, person, room)) ?? refusal;
  return room;
}

/** A guest whom the gate holds back is told what to do. */
async function notVerified({ storage }: Chat, { account }: Person, room: SeenRoom): Promise<AppError | undefined> {
  if (room.role !== 'guest' || (await atGate(storage.db, room.community, account)) !== 'unverified') return undefined;
  return refused(
    'not-verified',
    'Only verified people write here. Type /verify and your id on the list of this community; a mail tells what to do then.',
    'the verification gate; an admin can open it',
  );
}

/** Who was banned from the room's community is told so: they were in it, and find nothing else out. */
async function banned({ storage, clock }: Chat, { account }: Person, roomId: string): Promise<AppError | undefined> {
  const community = await communityOfRoom(storage.db, roomId);
  const standing =
    community === undefined ? undefined : await findStanding(storage.db, { community, account }, clock());
  return standing?.kind === 'ban' ? standingRefusal(standing, clock()) : undefined;
}

/** The person's role in a community, if they may do `action` there. 404 for strangers. */
export async function enterCommunity(chat: Chat, person: Person, community: string, action: Action): Promise<Role> {
  const role = await roleIn(chat.storage.db, community, person.account);
  if (role === undefined) throw unknown('community');
  const refusal = whyNot({ account: person.account, role }, action);
  if (refusal) throw refusal;
  return role;
}

export function announce(chat: Chat, event: LiveEvent): void {
  chat.bus.announce('rooms', event);
}
