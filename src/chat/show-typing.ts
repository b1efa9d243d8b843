import { announce, enterRoom, type Chat, type Person } from './chat.ts';

/** Tells the others in a room that this person is writing, where it is `due` again. Nothing is stored. */
export async function showTyping(chat: Chat, person: Person, room: string, due: () => boolean): Promise<void> {
  await enterRoom(chat, person, room, 'room.post');
  if (due()) announce(chat, { kind: 'typing', room, who: { id: person.account, name: person.name } });
}
