import { DIRECT, type Json, type Message, type User } from './world.ts';

/** Bits of what a client asks to be told: https://discord.com/developers/docs/topics/gateway#gateway-intents */
export const INTENTS = {
  guilds: 1 << 0,
  members: 1 << 1,
  moderation: 1 << 2,
  presences: 1 << 8,
  guildMessages: 1 << 9,
  directMessages: 1 << 12,
  messageContent: 1 << 15,
  moderated: 1 << 21,
} as const;

/** Every bit that has a meaning. */
export const KNOWN_INTENTS = 0x1_ffff | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25);

export const PRIVILEGED = INTENTS.members | INTENTS.presences | INTENTS.messageContent;

/** The flags of an application that tell which privileged intents it was granted (the form for small bots). */
export function applicationFlags(granted: number): number {
  const pairs = [
    [INTENTS.presences, 1 << 13],
    [INTENTS.members, 1 << 15],
    [INTENTS.messageContent, 1 << 19],
  ] as const;
  return pairs.reduce((flags, [intent, flag]) => (granted & intent ? flags | flag : flags), 0);
}

/** What a message becomes for a client without the message content intent: empty, but where it is meant for the bot. */
export function asTold(event: Json, message: Message, { bot, intents }: { bot: User; intents: number }): Json {
  const isForBot =
    message.channel.type === DIRECT ||
    message.author.id === bot.id ||
    message.mentions.users.some((one) => one.id === bot.id);
  if (isForBot || intents & INTENTS.messageContent) return event;
  return { ...event, content: '', embeds: [], attachments: [], components: [] };
}
