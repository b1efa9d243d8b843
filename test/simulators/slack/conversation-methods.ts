import {
  ApiError,
  type Args,
  type Back,
  conversation,
  invalidArguments,
  type Method,
  needMember,
  pageOf,
} from './call.ts';
import { channelWire } from './shapes.ts';
import type { Channel, Wire } from './wire.ts';

const HISTORY = ['channels:history', 'groups:history', 'im:history'];
const READ = ['channels:read', 'groups:read', 'im:read'];
const PAGES = ['cursor', 'limit'];
const SPAN = ['oldest', 'latest', 'inclusive', 'include_all_metadata'];

/** conversations.*: https://docs.slack.dev/apis/web-api/using-the-conversations-api */
export const conversationMethods: Record<string, Method> = {
  'conversations.info': { scopes: READ, args: ['channel', 'include_locale', 'include_num_members'], run: info },
  'conversations.list': { scopes: READ, args: ['types', 'exclude_archived', 'team_id', ...PAGES], run: list },
  'conversations.members': { scopes: READ, args: ['channel', ...PAGES], run: members },
  'conversations.open': {
    scopes: ['im:write'],
    args: ['channel', 'users', 'return_im', 'prevent_creation'],
    run: open,
  },
  'conversations.history': { scopes: HISTORY, args: ['channel', ...SPAN, ...PAGES], run: history },
  'conversations.replies': { scopes: HISTORY, args: ['channel', 'ts', ...SPAN, ...PAGES], run: replies },
};

function info(args: Args, back: Back): Wire {
  const channel = conversation(back, args.required('channel'));
  const count = args.flag('include_num_members') ? { num_members: channel.members.size } : {};
  return { channel: { ...channelWire(channel), ...count } };
}

function list(args: Args, { workspace }: Back): Wire {
  const types = (args.text('types') ?? 'public_channel').split(',').map((type) => type.trim());
  const found = [...workspace.channels.values()]
    .filter(({ kind }) => types.includes(kind === 'direct' ? 'im' : 'public_channel'))
    .filter(({ archived }) => !(archived && args.flag('exclude_archived')));
  const { page, metadata } = pageOf(args, found);
  return { channels: page.map(channelWire), response_metadata: metadata };
}

function members(args: Args, back: Back): Wire {
  const channel = conversation(back, args.required('channel'));
  const { page, metadata } = pageOf(args, [...channel.members]);
  return { members: page, response_metadata: metadata };
}

function open(args: Args, { workspace }: Back): Wire {
  const users = args.text('users')?.split(',') ?? [];
  if (users.length > 1) throw new ApiError('method_not_supported_for_channel_type');
  const wanted = users[0] ?? args.required('channel');
  const direct = [...workspace.channels.values()].filter(({ kind }) => kind === 'direct');
  const found = direct.find(
    ({ id, members: both }) => id === wanted || (wanted !== workspace.bot.id && both.has(wanted)),
  );
  if (!found) throw new ApiError(users.length > 0 ? 'user_not_found' : 'channel_not_found');
  const channel = args.flag('return_im') ? channelWire(found) : { id: found.id };
  return { no_op: true, already_open: true, channel };
}

/** Newest first, without what stands in a thread, and without what only one person saw. */
function history(args: Args, back: Back): Wire {
  const channel = readable(args, back);
  const own = messagesOf(channel).filter(({ thread_ts: thread, ts, subtype }) => {
    return thread === undefined || thread === ts || subtype === 'thread_broadcast';
  });
  const { page, more, metadata } = pageOf(args, within(args, own).toReversed());
  return { messages: shown(args, page), has_more: more, pin_count: 0, response_metadata: metadata };
}

/** The line above the thread, then what stands in it, oldest first. */
function replies(args: Args, back: Back): Wire {
  const channel = readable(args, back);
  const ts = args.required('ts');
  const parent = messagesOf(channel).find((message) => message.ts === ts);
  if (!parent) throw new ApiError('thread_not_found');
  const below = messagesOf(channel).filter((message) => message.thread_ts === ts && message.ts !== ts);
  const { page, more, metadata } = pageOf(args, [parent, ...within(args, below)], 1_000);
  return { messages: shown(args, page), has_more: more, response_metadata: metadata };
}

function readable(args: Args, back: Back): Channel {
  const channel = conversation(back, args.required('channel'));
  needMember(channel);
  const scope = channel.kind === 'direct' ? 'im:history' : 'channels:history';
  if (!back.workspace.scopes.has(scope)) {
    throw new ApiError('missing_scope', { needed: scope, provided: [...back.workspace.scopes].join(',') });
  }
  return channel;
}

const messagesOf = ({ messages }: Channel): Wire[] => messages.filter(({ to }) => !to).map(({ wire }) => wire);

function within(args: Args, messages: Wire[]): Wire[] {
  const oldest = timestamp(args, 'oldest');
  const latest = timestamp(args, 'latest');
  const bounds = args.flag('inclusive') ? [oldest, latest] : [];
  return messages.filter(({ ts }) => {
    const at = Number(ts);
    return bounds.includes(at) || ((oldest === undefined || at > oldest) && (latest === undefined || at < latest));
  });
}

function timestamp(args: Args, name: string): number | undefined {
  const given = args.text(name);
  if (given === undefined || given === 'now') return undefined;
  if (!/^\d+(\.\d+)?$/.test(given)) throw invalidArguments(`invalid ${name}: ${given}`);
  return Number(given);
}

/** Without `include_all_metadata` only the kind of a message's metadata is given. */
function shown(args: Args, messages: Wire[]): Wire[] {
  if (args.flag('include_all_metadata')) return messages;
  return messages.map(({ metadata, ...rest }) => {
    return metadata ? { ...rest, metadata: { event_type: (metadata as Wire).event_type } } : rest;
  });
}
