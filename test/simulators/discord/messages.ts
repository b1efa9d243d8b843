import { asTold, INTENTS } from './intents.ts';
import { nextId } from './ids.ts';
import type { MessageBody, Upload } from './message-body.ts';
import { mentionsOf } from './mentions.ts';
import { permissionsOf } from './permissions.ts';
import { type Happening, keep, keepIn, type Platform } from './platform.ts';
import { problems } from './problems.ts';
import { messageEvent } from './wire.ts';
import { type Attachment, type Channel, DIRECT, type Json, type Message, type User } from './world.ts';

/** https://discord.com/developers/docs/resources/message#message-object-message-flags */
export const FLAGS = {
  suppressEmbeds: 4,
  ephemeral: 64,
  loading: 128,
  suppressNotifications: 4_096,
  newComponents: 32_768,
};

/** Kinds of message: https://discord.com/developers/docs/resources/message#message-object-message-types */
export const KIND = { plain: 0, answer: 19, command: 20 };

/** Puts a message into its channel and tells of it; of an ephemeral one nobody is told. */
export function post(platform: Platform, draft: Pick<Message, 'channel' | 'author'> & Partial<Message>): Message {
  const message: Message = {
    id: nextId(),
    type: draft.reference ? KIND.answer : KIND.plain,
    content: '',
    embeds: [],
    components: [],
    attachments: [],
    flags: 0,
    tts: false,
    editedAt: null,
    mentions: { users: [], roles: [], everyone: false },
    ...draft,
  };
  keep(message.channel.messages, message);
  tellOf(platform, 'MESSAGE_CREATE', message);
  return message;
}

/** Tells of a message as it now is. */
export function tellOf(platform: Platform, name: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE', message: Message): void {
  if (message.only) return;
  const event = messageEvent(message);
  const { bot } = platform.world;
  const tell = (intents: number): unknown => asTold(event, message, { bot, intents });
  platform.sessions.happen({ name, ...about(message), key: message.id, tell });
}

export function remove(platform: Platform, message: Message): void {
  const { channel, id } = message;
  channel.messages.splice(channel.messages.indexOf(message), 1);
  if (message.only) return;
  const guild = channel.guild ? { guild_id: channel.guild.id } : {};
  const tell = (): Json => ({ id, channel_id: channel.id, ...guild });
  platform.sessions.happen({ name: 'MESSAGE_DELETE', ...about(message), tell });
}

/** The fields of a new message that its body decides. */
export function draftOf(
  platform: Platform,
  body: MessageBody,
  place: { channel: Channel; author: User },
): Partial<Message> {
  return {
    content: body.content ?? '',
    embeds: (body.embeds ?? []).map(embedOf),
    components: body.components ?? [],
    attachments: attach(platform, body, place.channel),
    tts: body.tts,
    mentions: called(platform, body, place),
    ...(body.nonce === undefined ? {} : { nonce: body.nonce }),
  };
}

/** Changes what the body of an edit gives, and refuses where nothing would be left. */
export function change(platform: Platform, message: Message, body: MessageBody): void {
  const kept = body.attachments ? message.attachments.filter((one) => isNamed(one, body)) : message.attachments;
  const next = {
    content: body.content ?? message.content,
    embeds: body.embeds?.map(embedOf) ?? message.embeds,
    components: body.components ?? message.components,
    attachments: [...kept, ...attach(platform, body, message.channel)],
  };
  if (isEmpty(next)) throw problems.empty();
  const mentions = called(platform, { ...body, content: next.content }, message, answeredOf(message));
  Object.assign(message, next, { mentions });
}

export const isEmpty = (message: Pick<Message, 'content' | 'embeds' | 'components' | 'attachments'>): boolean =>
  message.content === '' && [message.embeds, message.components, message.attachments].every((one) => one.length === 0);

export const answeredOf = ({ channel, reference }: Partial<Message>): User | undefined =>
  channel?.messages.find((one) => one.id === reference?.messageId)?.author;

/** Whom the text of a body calls there. */
export function called(
  { world }: Platform,
  body: Pick<MessageBody, 'content' | 'allowedMentions'>,
  { channel, author }: { channel: Channel; author: User },
  answered?: User,
): Message['mentions'] {
  const { guild, recipient } = channel;
  const member = guild?.members.get(author.id);
  const held = guild && member ? permissionsOf(guild, member, channel) : 0n;
  const inGuild = guild && [...guild.members.values()].map((one) => one.user);
  const people = inGuild ?? [world.bot, ...(recipient ? [recipient] : [])];
  return mentionsOf({ content: body.content ?? '', allowed: body.allowedMentions, guild, people, answered, held });
}

function about({ channel }: Message): Pick<Happening, 'intents' | 'guild' | 'channel'> {
  const intents = channel.type === DIRECT ? INTENTS.directMessages : INTENTS.guildMessages;
  return channel.guild ? { intents, channel, guild: channel.guild } : { intents, channel };
}

const embedOf = (embed: Json): Json => ({ type: 'rich', ...embed });

const isNamed = (attachment: Attachment, { attachments = [] }: MessageBody): boolean =>
  attachments.some(({ id }) => String(id) === attachment.id);

/** How many files are kept for those who look at them. */
const KEPT_FILES = 200;

function attach(platform: Platform, body: MessageBody, channel: Channel): Attachment[] {
  return body.uploads.map((upload) => {
    const id = nextId();
    const said = (body.attachments ?? []).find((one) => String(one.id) === upload.field);
    const name = typeof said?.filename === 'string' ? said.filename : upload.name;
    keepIn(platform.files, id, upload.bytes, KEPT_FILES);
    return {
      id,
      name,
      type: upload.type,
      bytes: upload.bytes.length,
      url: `${platform.base}/attachments/${channel.id}/${id}/${encodeURIComponent(name)}`,
      ...(typeof said?.description === 'string' ? { description: said.description } : {}),
      ...sizeOf(upload),
    };
  });
}

/** Width and height of a PNG, which stand at the same place in each. */
function sizeOf({ bytes }: Upload): { width?: number; height?: number } {
  const isPng = bytes.length > 24 && bytes.subarray(1, 4).toString('latin1') === 'PNG';
  return isPng ? { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) } : {};
}
