import { channelFor, heldIn, needIn, needToWrite } from './bot-may.ts';
import { isId, timeOf } from './ids.ts';
import { type MessageBody, readMessage } from './message-body.ts';
import { answeredOf, called, change, draftOf, FLAGS, isEmpty, post, remove, tellOf } from './messages.ts';
import { may } from './permissions.ts';
import { keepIn, type Platform, violate } from './platform.ts';
import { problems, refuseForm, wrong } from './problems.ts';
import type { Asked, Reply, Route } from './routes.ts';
import { texts } from './texts.ts';
import { channelWire, messageWire } from './wire.ts';
import { type Channel, DIRECT, type Message } from './world.ts';

/** Channels and their messages. */
export const channelRoutes: Route[] = [
  { method: 'GET', path: '/channels/:channel', answer: getChannel },
  { method: 'GET', path: '/channels/:channel/messages', answer: listMessages },
  { method: 'POST', path: '/channels/:channel/messages', limit: 'messageLimit', answer: createMessage },
  { method: 'POST', path: '/channels/:channel/messages/bulk-delete', limit: 'bulkLimit', answer: deleteMany },
  { method: 'GET', path: '/channels/:channel/messages/:message', answer: getMessage },
  { method: 'PATCH', path: '/channels/:channel/messages/:message', limit: 'messageLimit', answer: editMessage },
  { method: 'DELETE', path: '/channels/:channel/messages/:message', answer: deleteMessage },
  { method: 'POST', path: '/channels/:channel/typing', answer: typing },
];

function getChannel({ platform, params }: Asked): Reply {
  return { status: 200, body: channelWire(channelFor(platform, params.channel)) };
}

/** Newest first: https://discord.com/developers/docs/resources/message#get-channel-messages */
function listMessages({ platform, params, query }: Asked): Reply {
  const channel = channelFor(platform, params.channel);
  const limit = Number(query.get('limit') ?? 50);
  if (!(limit >= 1 && limit <= 100)) refuseForm([wrong.because('NUMBER_TYPE_MAX', 'Use 1 to 100.', 'limit')]);
  if (!may(heldIn(platform, channel), 'READ_MESSAGE_HISTORY')) return { status: 200, body: [] };
  const shown = channel.messages.filter((one) => !one.only);
  return { status: 200, body: pageOf(shown, query, limit).map(messageWire) };
}

function getMessage({ platform, params }: Asked): Reply {
  const channel = channelFor(platform, params.channel);
  needIn(platform, channel, 'READ_MESSAGE_HISTORY');
  return { status: 200, body: messageWire(messageFor(channel, params.message)) };
}

/** https://discord.com/developers/docs/resources/message#create-message */
function createMessage(asked: Asked): Reply {
  const { platform, params } = asked;
  const channel = channelFor(platform, params.channel);
  const body = readMessage(platform, asked.path, asked);
  needToWrite(platform, channel, { files: body.uploads.length > 0, embeds: (body.embeds ?? []).length > 0 });
  const known = sameNonce(platform, body);
  if (known) return { status: 200, body: messageWire(known) };
  const draft = draftOf(platform, body, { channel, author: platform.world.bot });
  if (isEmpty({ content: '', embeds: [], components: [], attachments: [], ...draft })) throw problems.empty();
  const message = post(platform, { ...draft, ...replying(asked, channel, body), channel, ...byBot(platform, body) });
  if (body.nonce !== undefined) keepIn(platform.nonces, String(body.nonce), { message, at: Date.now() });
  return { status: 200, body: messageWire(message) };
}

function editMessage(asked: Asked): Reply {
  const { platform, params } = asked;
  const channel = channelFor(platform, params.channel);
  const message = messageFor(channel, params.message);
  if (message.author.id !== platform.world.bot.id) throw problems.notYourMessage();
  change(platform, message, readMessage(platform, asked.path, asked));
  message.editedAt = new Date().toISOString();
  tellOf(platform, 'MESSAGE_UPDATE', message);
  return { status: 200, body: messageWire(message) };
}

function deleteMessage({ platform, params }: Asked): Reply {
  const channel = channelFor(platform, params.channel);
  const message = messageFor(channel, params.message);
  const isOwn = message.author.id === platform.world.bot.id;
  if (!isOwn && channel.type === DIRECT) throw problems.notInDirect();
  if (!isOwn) needIn(platform, channel, 'MANAGE_MESSAGES');
  remove(platform, message);
  return { status: 204 };
}

/** https://discord.com/developers/docs/resources/message#bulk-delete-messages */
function deleteMany({ platform, params, body }: Asked): Reply {
  const channel = channelFor(platform, params.channel);
  if (channel.type === DIRECT) throw problems.notInDirect();
  needIn(platform, channel, 'MANAGE_MESSAGES');
  const ids: unknown = Object(body).messages;
  if (!Array.isArray(ids) || ids.length < 2 || ids.length > 100) refuseForm([wrong.length(2, 100, 'messages')]);
  if ((ids as unknown[]).some((id) => isId(id) && Date.now() - Date.parse(timeOf(id)) > BULK_AGE_MS))
    throw problems.tooOldForBulk();
  for (const message of channel.messages.filter((one) => (ids as unknown[]).includes(one.id) && !one.only))
    remove(platform, message);
  return { status: 204 };
}

const BULK_AGE_MS = 14 * 86_400_000;

function typing({ platform, params }: Asked): Reply {
  needToWrite(platform, channelFor(platform, params.channel), { files: false, embeds: false });
  return { status: 204 };
}

/** Ephemeral messages are not reached by their channel. */
function messageFor(channel: Channel, id: string | undefined): Message {
  const found = channel.messages.find((one) => one.id === id && !one.only);
  if (!found) throw problems.unknownMessage();
  return found;
}

function pageOf(shown: Message[], query: URLSearchParams, limit: number): Message[] {
  const [before, after] = [query.get('before'), query.get('after')].map((id) => (isId(id) ? BigInt(id) : undefined));
  const around = query.get('around');
  if (isId(around)) return closest(shown, BigInt(around), limit);
  if (after !== undefined)
    return shown
      .filter((one) => BigInt(one.id) > after)
      .slice(0, limit)
      .toReversed();
  const earlier = before === undefined ? shown : shown.filter((one) => BigInt(one.id) < before);
  return earlier.slice(-limit).toReversed();
}

function closest(shown: Message[], id: bigint, limit: number): Message[] {
  const from = shown.findIndex((one) => BigInt(one.id) >= id) - Math.floor(limit / 2);
  return shown.slice(Math.max(0, from), Math.max(0, from) + limit).toReversed();
}

/** The bot is the only author here, so a nonce alone names its message. */
function sameNonce({ nonces, settings }: Platform, body: MessageBody): Message | undefined {
  const known = body.nonce === undefined || !body.enforceNonce ? undefined : nonces.get(String(body.nonce));
  return known && Date.now() - known.at < settings.nonceLifeMs ? known.message : undefined;
}

const byBot = ({ world }: Platform, body: MessageBody): Pick<Message, 'author' | 'flags'> => ({
  author: world.bot,
  flags: body.flags & (FLAGS.suppressEmbeds | FLAGS.suppressNotifications | FLAGS.newComponents),
});

/** https://discord.com/developers/docs/resources/message#message-reference-object */
function replying(asked: Asked, channel: Channel, body: MessageBody): Partial<Message> {
  const { platform } = asked;
  if (!body.reference) return {};
  const { message_id: id, channel_id: where, type = 0, fail_if_not_exists: fail = true } = body.reference;
  if (type !== 0) violate(platform, texts.notSpoken('forwarded messages'));
  if (!isId(id)) refuseForm([wrong.type('SNOWFLAKE', 'message_reference', 'message_id')]);
  if (where !== undefined && where !== channel.id) refuseForm([OTHER_CHANNEL]);
  if (!may(heldIn(platform, channel), 'READ_MESSAGE_HISTORY')) throw problems.noHistory();
  const found = channel.messages.some((one) => one.id === id && !one.only);
  if (!found && fail !== false) refuseForm([UNKNOWN]);
  if (!found) return {};
  const reference = { channelId: channel.id, messageId: String(id) };
  const answered = answeredOf({ channel, reference });
  return { reference, mentions: called(platform, body, { channel, author: platform.world.bot }, answered) };
}

const UNKNOWN = wrong.because('REPLIES_UNKNOWN_MESSAGE', 'Unknown message', 'message_reference');
const OTHER_CHANNEL = wrong.because(
  'REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL',
  'Cannot reply to a message in a different channel',
  'message_reference',
);
