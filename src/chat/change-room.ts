import { badRequest, conflict, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { record } from '#storage/audit.ts';
import { roleIn } from '#storage/communities.ts';
import {
  addRoomMember,
  countRooms,
  insertRoom,
  listRoomPeople,
  markRoomDeleted,
  removeRoomMember,
  updateRoom,
  type Room,
} from '#storage/rooms.ts';
import { announce, enterCommunity, enterRoom, type Chat, type Person } from './chat.ts';

export type { Room } from '#storage/rooms.ts';

export interface NewRoom {
  community: string;
  name: string;
  topic: string;
  private: boolean;
}

/** Makes a room; its maker is in it. */
export async function createRoom(chat: Chat, person: Person, asked: NewRoom): Promise<Room> {
  await enterCommunity(chat, person, asked.community, 'room.create');
  const at = chat.clock();
  const room: Room = { ...asked, id: newId('room', at), seq: 0, createdBy: person.account };
  await chat.storage.write(async (tx) => {
    const count = await countRooms(tx.db, room.community);
    if (count >= LIMITS.roomsPerCommunity)
      throw conflict('too-many-rooms', `A community has at most ${LIMITS.roomsPerCommunity} rooms.`);
    await insertRoom(tx.db, room, at);
    if (room.private) await addRoomMember(tx.db, room.id, person.account);
    await record(tx.db, {
      community: room.community,
      account: person.account,
      action: 'room.create',
      subject: room.id,
      place: room.id,
      at,
    });
  });
  announce(chat, { kind: 'rooms', community: room.community, ...(room.private && { account: person.account }) });
  return room;
}

/** Renames a room or changes its topic. */
export async function changeRoom(
  chat: Chat,
  person: Person,
  id: string,
  change: { name?: string; topic?: string },
): Promise<Room> {
  const { role: _role, ...room } = await enterRoom(chat, person, id, 'room.change');
  await chat.storage.write(async (tx) => {
    await updateRoom(tx.db, id, change);
    await record(tx.db, {
      community: room.community,
      account: person.account,
      action: 'room.change',
      subject: id,
      place: id,
      at: chat.clock(),
    });
  });
  await announceChange(chat, room);
  return { ...room, ...change };
}

/** Deletes a room with all that was said in it. */
export async function deleteRoom(chat: Chat, person: Person, id: string): Promise<void> {
  const room = await enterRoom(chat, person, id, 'room.delete');
  const at = chat.clock();
  await chat.storage.write(async (tx) => {
    await markRoomDeleted(tx.db, id, at);
    await record(tx.db, {
      community: room.community,
      account: person.account,
      action: 'room.delete',
      subject: id,
      place: id,
      detail: room.name,
      at,
    });
  });
  await announceChange(chat, room, id);
}

/** Tells those who may see the room, and nobody else. */
async function announceChange(chat: Chat, room: Room, gone?: string): Promise<void> {
  const event = { kind: 'rooms' as const, community: room.community, ...(gone !== undefined && { gone }) };
  if (!room.private) return announce(chat, event);
  for (const { id } of await listRoomPeople(chat.storage.db, room, LIMITS.peoplePage))
    announce(chat, { ...event, account: id });
}

/** Lets a member of the community into a private room. */
export async function letIn(chat: Chat, person: Person, id: string, account: string): Promise<void> {
  const room = await enterPrivate(chat, person, id);
  if ((await roleIn(chat.storage.db, room.community, account)) === undefined) throw unknown('account');
  await chat.storage.write(async (tx) => {
    await addRoomMember(tx.db, id, account);
    await record(tx.db, {
      community: room.community,
      account: person.account,
      action: 'room.let-in',
      subject: id,
      place: id,
      detail: account,
      at: chat.clock(),
    });
  });
  announce(chat, { kind: 'rooms', community: room.community, account });
}

/** Takes a person out of a private room; everybody may leave by themselves. */
export async function takeOut(chat: Chat, person: Person, id: string, account: string): Promise<void> {
  const leaving = account === person.account;
  const room = leaving ? await enterRoom(chat, person, id, 'room.read') : await enterPrivate(chat, person, id);
  await chat.storage.write(async (tx) => {
    await removeRoomMember(tx.db, id, account);
    await record(tx.db, {
      community: room.community,
      account: person.account,
      action: 'room.take-out',
      subject: id,
      place: id,
      detail: account,
      at: chat.clock(),
    });
  });
  if (room.private) announce(chat, { kind: 'rooms', community: room.community, account, gone: id });
}

async function enterPrivate(chat: Chat, person: Person, id: string): Promise<Room> {
  const room = await enterRoom(chat, person, id, 'room.members');
  if (!room.private) throw badRequest('public-room', 'This room is public: everybody in the community is in it.');
  return room;
}
