import { blockText, wrongBlocks } from './blocks.ts';
import { ApiError, type Args, type Back, conversation, type Method, needMember } from './call.ts';
import { withoutMetadata } from './messages.ts';
import { sentText } from './typed.ts';
import type { Channel, Kept, Wire } from './wire.ts';
import { botFields, findMessage, type Workspace } from './workspace.ts';

const CONTENT = ['channel', 'text', 'blocks', 'attachments', 'mrkdwn', 'parse', 'link_names', 'as_user'];
const LOOKS = ['username', 'icon_emoji', 'icon_url', 'unfurl_links', 'unfurl_media'];

/** chat.*: https://docs.slack.dev/reference/methods/chat.postMessage and the pages beside it. */
export const chatMethods: Record<string, Method> = {
  'chat.postMessage': {
    scopes: ['chat:write'],
    args: [...CONTENT, ...LOOKS, 'thread_ts', 'reply_broadcast', 'metadata'],
    run: postMessage,
  },
  'chat.postEphemeral': {
    scopes: ['chat:write'],
    args: [...CONTENT, ...LOOKS, 'user', 'thread_ts'],
    run: postEphemeral,
  },
  'chat.update': {
    scopes: ['chat:write'],
    args: [...CONTENT, 'ts', 'metadata', 'file_ids', 'reply_broadcast'],
    run: update,
  },
  'chat.delete': { scopes: ['chat:write'], args: ['channel', 'ts', 'as_user'], run: remove },
};

function postMessage(args: Args, back: Back): Wire {
  const channel = target(back, args.required('channel'));
  if (!back.workspace.scopes.has('chat:write.public')) needMember(channel);
  if (channel.archived) throw new ApiError('is_archived');
  const { text, ...content } = contentOf(args);
  const metadata = metadataOf(args);
  const fields = { ...botFields(back.workspace.bot), ...content, ...(metadata ? { metadata } : {}) };
  const threadTs = args.text('thread_ts');
  const thread = threadTs ? { threadTs, broadcast: args.flag('reply_broadcast') } : {};
  const { wire } = back.messages.post(channel, { text, fields, ...thread });
  return { channel: channel.id, ts: wire.ts, message: withoutMetadata(wire) };
}

function postEphemeral(args: Args, back: Back): Wire {
  const channel = conversation(back, args.required('channel'));
  const user = args.required('user');
  needMember(channel);
  if (channel.archived) throw new ApiError('is_archived');
  if (!back.workspace.members.has(user)) throw new ApiError('user_not_found');
  if (!channel.members.has(user)) throw new ApiError('user_not_in_channel');
  const { text, ...content } = contentOf(args);
  const threadTs = args.text('thread_ts');
  const thread = threadTs ? { threadTs } : {};
  const fields = { ...botFields(back.workspace.bot), ...content };
  const { wire } = back.messages.post(channel, { text, fields, to: user, ...thread });
  return { message_ts: wire.ts };
}

function update(args: Args, back: Back): Wire {
  const { channel, kept } = ownMessage(args, back, 'cant_update_message');
  const { text, ...content } = contentOf(args);
  const metadata = metadataOf(args);
  const fields = { text, ...content, ...(metadata ? { metadata } : {}) };
  back.messages.change(channel, kept, fields, back.workspace.bot.id);
  return { channel: channel.id, ts: kept.wire.ts, text, message: withoutMetadata(kept.wire) };
}

function remove(args: Args, back: Back): Wire {
  const { channel, kept } = ownMessage(args, back, 'cant_delete_message');
  back.messages.remove(channel, kept);
  return { channel: channel.id, ts: kept.wire.ts };
}

/** A channel by id or name; a person's id stands for the direct messages with that person. */
function target({ workspace }: Back, given: string): Channel {
  const byName = workspace.rooms().find(({ name }) => name === given.replace(/^#/, ''));
  const found = workspace.channels.get(given) ?? byName ?? directWith(workspace, given);
  if (!found) throw new ApiError('channel_not_found');
  return found;
}

function directWith({ channels, bot }: Workspace, user: string): Channel | undefined {
  return [...channels.values()].find(({ kind, members }) => kind === 'direct' && members.has(user) && user !== bot.id);
}

/** An ephemeral message cannot be changed or deleted by this way: for Slack it is not there. */
function ownMessage(args: Args, back: Back, error: string): { channel: Channel; kept: Kept } {
  const channel = conversation(back, args.required('channel'));
  needMember(channel, 'channel_not_found');
  const kept = findMessage(channel, args.required('ts'));
  if (!kept || kept.to) throw new ApiError('message_not_found');
  if (kept.wire.bot_id !== back.workspace.bot.botId) throw new ApiError(error);
  return { channel, kept };
}

function contentOf(args: Args): { text: string; blocks?: unknown } {
  const text = args.text('text') ?? '';
  if (text.length > 40_000) throw new ApiError('msg_too_long');
  const blocks = args.json('blocks', 'invalid_blocks_format');
  const says = blocks === undefined ? undefined : wrongBlocks(blocks);
  if (says)
    throw new ApiError(
      'invalid_blocks',
      { errors: [says], response_metadata: { messages: [`[ERROR] ${says}`] } },
      true,
    );
  const attachments = args.json('attachments', 'invalid_attachments');
  if (!text.trim() && !blockText(blocks) && !attachments) throw new ApiError('no_text');
  return { text: sentText(text), ...(blocks ? { blocks } : {}) };
}

/** The longest metadata, as JSON. */
const METADATA_BYTES = 16_000;

function metadataOf(args: Args): Wire | undefined {
  const given = args.json('metadata', 'invalid_metadata_format');
  if (given === undefined) return undefined;
  const { event_type: type, event_payload: payload } = Object(given) as Wire;
  const good = typeof type === 'string' && typeof payload === 'object' && payload !== null && !Array.isArray(payload);
  if (!good) throw new ApiError('invalid_metadata_schema', {}, true);
  if (JSON.stringify(given).length > METADATA_BYTES) throw new ApiError('metadata_too_large', {}, true);
  return { event_type: type, event_payload: payload };
}
