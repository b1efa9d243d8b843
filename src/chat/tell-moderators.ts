import { moderatorsOf } from '#storage/house-rules.ts';
import { announce, type Chat } from './chat.ts';

/** Tells the moderators' pages that something waits for them, or no longer does; and `also` whoever it is about. */
export async function tellModerators(chat: Chat, community: string, also: string[] = []): Promise<void> {
  const accounts = [...(await moderatorsOf(chat.storage.db, community)), ...also];
  if (accounts.length > 0) announce(chat, { kind: 'order', community, accounts });
}
