import { z } from 'zod';
import { slowRoom } from '#chat/order-room.ts';
import { changeRoom, createRoom, deleteRoom, letIn, takeOut } from '#chat/change-room.ts';
import { memberships } from '#auth/profile.ts';
import { readUpTo, seeRoomPeople, seeRooms } from '#chat/read-room.ts';
import { LIMITS } from '#core/limits.ts';
import type { Room as KeptRoom } from '#chat/change-room.ts';
import { unknown } from '#core/errors.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import type { Hub } from '#http/live/hub.ts';
import { Account, IdParams, Nothing, Person, Room, line } from '#http/shapes.ts';

/** Rooms and who is in them. */
export function roomRoutes(app: App, hall: Hall, { callers, hub }: { callers: Callers; hub: Hub }): void {
  const tags = ['rooms'];

  app.get('/v1/rooms', { schema: { tags, response: { 200: z.object({ rooms: z.array(Room) }) } } }, async (request) => {
    const rooms = await seeRooms(hall.chat, await callers.need(request));
    return { rooms: rooms.map((room) => shape(room, room)) };
  });

  app.post('/v1/rooms', { schema: { tags, body: NewRoom, response: { 201: Room } } }, async (request, reply) => {
    const session = await callers.need(request);
    const { name, topic = '', private: isPrivate = false } = request.body;
    const community = request.body.community ?? (await memberships(hall.auth, session.account))[0]?.id;
    if (community === undefined) throw unknown('community');
    const room = await createRoom(hall.chat, session, { community, name, topic, private: isPrivate });
    return reply.code(201).send(shape(room));
  });

  app.patch(
    '/v1/rooms/:id',
    { schema: { tags, params: IdParams, body: RoomChange, response: { 200: Room } } },
    async (request) => {
      const session = await callers.need(request);
      const { name, topic, slowSeconds } = request.body;
      const change = { ...(name !== undefined && { name }), ...(topic !== undefined && { topic }) };
      if (slowSeconds !== undefined) await slowRoom(hall.chat, session, request.params.id, slowSeconds);
      if (slowSeconds === undefined || Object.keys(change).length > 0)
        await changeRoom(hall.chat, session, request.params.id, change);
      const room = (await seeRooms(hall.chat, session)).find(({ id }) => id === request.params.id);
      if (!room) throw unknown('room');
      return shape(room, room);
    },
  );

  app.delete(
    '/v1/rooms/:id',
    { schema: { tags, params: IdParams, response: { 204: Nothing } } },
    async (request, reply) => {
      await deleteRoom(hall.chat, await callers.need(request), request.params.id);
      return reply.code(204).send(null);
    },
  );

  peopleRoutes(app, hall, { callers, hub });
}

/** Who is in a room, and how far they have read. */
function peopleRoutes(app: App, hall: Hall, { callers, hub }: { callers: Callers; hub: Hub }): void {
  const tags = ['rooms'];

  app.get(
    '/v1/rooms/:id/people',
    { schema: { tags, params: IdParams, response: { 200: People } } },
    async (request) => {
      const people = await seeRoomPeople(hall.chat, await callers.need(request), request.params.id);
      const here = hub.here(request.params.id);
      return { people: people.map((person) => ({ ...person, here: here.has(person.id) })) };
    },
  );

  app.get(
    '/v1/rooms/:id/members',
    { schema: { tags, params: IdParams, response: { 200: z.object({ members: z.array(Account) }) } } },
    async (request) => {
      const people = await seeRoomPeople(hall.chat, await callers.need(request), request.params.id);
      return { members: people.map(({ id, username, name }) => ({ id, username, name })) };
    },
  );

  app.get(
    '/v1/rooms/:id/members/:account',
    { schema: { tags, params: MemberParams, response: { 200: Account } } },
    async (request) => {
      const people = await seeRoomPeople(hall.chat, await callers.need(request), request.params.id);
      const found = people.find(({ id }) => id === request.params.account);
      if (!found) throw unknown('member');
      return { id: found.id, username: found.username, name: found.name };
    },
  );

  app.put(
    '/v1/rooms/:id/members/:account',
    { schema: { tags, params: MemberParams, response: { 204: Nothing } } },
    async (request, reply) => {
      await letIn(hall.chat, await callers.need(request), request.params.id, request.params.account);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/v1/rooms/:id/members/:account',
    { schema: { tags, params: MemberParams, response: { 204: Nothing } } },
    async (request, reply) => {
      await takeOut(hall.chat, await callers.need(request), request.params.id, request.params.account);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/rooms/:id/read',
    { schema: { tags, params: IdParams, body: z.strictObject({ seq: z.int().min(0) }), response: { 204: Nothing } } },
    async (request, reply) => {
      await readUpTo(hall.chat, await callers.need(request), request.params.id, request.body.seq);
      return reply.code(204).send(null);
    },
  );
}

const topic = z.string().trim().max(LIMITS.roomTopic);
const NewRoom = z.strictObject({
  name: line(LIMITS.roomName),
  topic: topic.optional(),
  private: z.boolean().optional(),
  community: z.string().max(100).optional(),
});
const RoomChange = z.strictObject({
  name: line(LIMITS.roomName).optional(),
  topic: topic.optional(),
  slowSeconds: z.int().min(0).max(LIMITS.slowSeconds).optional(),
});
const MemberParams = z.object({ id: z.string().max(100), account: z.string().max(100) });
const People = z.object({ people: z.array(Person.extend({ here: z.boolean() })) });

function shape(
  room: KeptRoom,
  mine: { read: number; mentions: number; slowSeconds: number } = { read: 0, mentions: 0, slowSeconds: 0 },
): z.infer<typeof Room> {
  const { id, name, topic: about, private: isPrivate, community, seq } = room;
  return {
    id,
    name,
    topic: about,
    private: isPrivate,
    community,
    seq,
    read: mine.read,
    mentions: mine.mentions,
    slowSeconds: mine.slowSeconds,
  };
}
