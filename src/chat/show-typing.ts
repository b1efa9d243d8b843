import { announce, enterRoom, type Chat, type Person } from './chat.ts';

/** Tells the others in a room that this person is writing. Nothing is stored. */
export async function showTyping(chat: Chat, person: Person, room: string): Promise<void> {
  await enterRoom(chat, person, room, 'room.post');
  announce(chat, { kind: 'typing', room, who: { id: person.account, name: person.name } });
}
