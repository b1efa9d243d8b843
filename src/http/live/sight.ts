import { memberships } from '#auth/profile.ts';
import { noLongerSeen, type Following } from '#chat/catch-up.ts';
import { seeRooms } from '#chat/read-room.ts';
import type { LiveEvent } from '#core/live.ts';
import type { Hall } from '#http/hall.ts';
import type { Hub } from './hub.ts';
import type { Few } from './reads.ts';
import type { LiveSocket } from './socket.ts';

/** Notes what a connection may see, and takes it out of rooms that it no longer may. True where that is another than before. */
export async function refreshSight(hall: Hall, hub: Hub, socket: LiveSocket): Promise<boolean> {
  const person = socket.session;
  const look = ++socket.looks;
  const [rooms, communities] = await Promise.all([seeRooms(hall.chat, person), memberships(hall.auth, person.account)]);
  // One that began later knows better, though it may have come first.
  if (!hub.sockets.has(socket) || look !== socket.looks) return false;
  const before = socket.visible;
  socket.communities = new Set(communities.map(({ id }) => id));
  hub.see(socket, rooms);
  for (const room of before) if (!socket.visible.has(room)) hub.leave(socket, room);
  return rooms.length !== before.size || rooms.some(({ id }) => !before.has(id));
}

/** Passes on a change of what people may see: who lost a room leaves it, and all who are concerned are told to look again. */
export async function roomsChanged(hall: Hall, hub: Hub, event: Extract<LiveEvent, { kind: 'rooms' }>): Promise<void> {
  const { community, account, gone } = event;
  // An account may be in the community since this moment: what is for it alone does not ask whether it was before.
  const told = [...hub.sockets].filter((one) =>
    account === undefined ? one.communities.has(community) : one.session.account === account,
  );
  for (const socket of told) {
    if (gone !== undefined) hub.leave(socket, gone);
    hub.tell(socket, { type: 'rooms' });
  }
  for (const socket of told) await refreshSight(hall, hub, socket);
  // What they follow and were not yet known to see: a room that was opened a moment ago.
  if (account !== undefined) await takeOutOf(hall, hub, told);
}

/** Reads anew what all connections may see, and tells those for whom it changed. */
export async function lookAtAll(hall: Hall, hub: Hub, few: Few): Promise<void> {
  const look = async (socket: LiveSocket): Promise<void> => {
    if (hub.sockets.has(socket) && (await refreshSight(hall, hub, socket))) hub.tell(socket, { type: 'rooms' });
  };
  await Promise.all([...hub.sockets].map((socket) => few(() => look(socket))));
}

/** Connections looked at together: some thousand rooms that they follow. */
const TOGETHER = 500;

/** Takes those out of rooms who may not be there, should another hall's word of it be lost. */
export async function takeOutUnseen(hall: Hall, hub: Hub): Promise<void> {
  const all = [...hub.sockets];
  for (let start = 0; start < all.length; start += TOGETHER) {
    await takeOutOf(hall, hub, all.slice(start, start + TOGETHER));
  }
}

async function takeOutOf(hall: Hall, hub: Hub, sockets: LiveSocket[]): Promise<void> {
  const gone = await noLongerSeen(hall.chat, sockets.flatMap(followedBy));
  const taken = new Set(gone.flatMap((one) => sockets.filter((socket) => takeOut(hub, socket, one))));
  for (const socket of taken) await refreshSight(hall, hub, socket);
}

function followedBy({ session, rooms }: LiveSocket): Following[] {
  return [...rooms.keys()].map((room) => ({ account: session.account, room }));
}

function takeOut(hub: Hub, socket: LiveSocket, { account, room }: Following): boolean {
  if (socket.session.account !== account || !socket.rooms.has(room)) return false;
  hub.leave(socket, room);
  hub.tell(socket, { type: 'rooms' });
  return true;
}
