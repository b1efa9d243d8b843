import { type Interaction, INTERACTION } from './interactions.ts';
import type { MessageBody } from './message-body.ts';
import { change, draftOf, FLAGS, isEmpty, KIND, post, tellOf } from './messages.ts';
import type { Platform } from './platform.ts';
import { problems } from './problems.ts';
import type { Message } from './world.ts';

/** What may be set on an answer to an interaction. */
const SETTABLE = FLAGS.suppressEmbeds | FLAGS.ephemeral | FLAGS.suppressNotifications | FLAGS.newComponents;

/** The first answer to an interaction, or one after it: a message by the bot, for everybody or for this person alone. */
export function postAnswer(platform: Platform, interaction: Interaction, body: MessageBody): Message {
  const { channel, original } = interaction;
  const draft = draftOf(platform, body, { channel, author: platform.world.bot });
  if (isEmpty({ content: '', embeds: [], components: [], attachments: [], ...draft })) throw problems.empty();
  const flags = body.flags & SETTABLE;
  const follows = original ? { reference: { channelId: channel.id, messageId: original.id } } : {};
  const type = original ? KIND.answer : KIND.command;
  return post(platform, { ...draft, ...follows, ...belongs(platform, interaction, flags), type, flags });
}

/** "The bot is thinking": the place of an answer that comes later. */
export function postThinking(platform: Platform, interaction: Interaction, asked: number): Message {
  const flags = (asked & (FLAGS.ephemeral | FLAGS.newComponents)) | FLAGS.loading;
  return post(platform, { ...belongs(platform, interaction, flags), type: KIND.command, flags });
}

/** Changes an answer. The first change of a deferred one resolves it and is no edit. */
export function changeAnswer(platform: Platform, message: Message, body: MessageBody): void {
  change(platform, message, body);
  if (message.flags & FLAGS.loading) message.flags &= ~FLAGS.loading;
  else message.editedAt = new Date().toISOString();
  tellOf(platform, 'MESSAGE_UPDATE', message);
}

export const isThinking = (message: Message | undefined): message is Message =>
  message !== undefined && (message.flags & FLAGS.loading) !== 0;

function belongs(
  { world }: Platform,
  interaction: Interaction,
  flags: number,
): Pick<Message, 'author' | 'channel' | 'webhookId' | 'interaction' | 'only'> {
  const { id, type, name, user, channel } = interaction;
  const only = flags & FLAGS.ephemeral ? { only: user } : {};
  const common = { author: world.bot, channel, webhookId: world.bot.id, ...only };
  return {
    ...common,
    interaction: { id, type: type === INTERACTION.component ? type : INTERACTION.command, name, user },
  };
}
