import { ban, remove } from './chat.ts';
import { type Call, type Endpoint, list, missing, moderated, refuse, userAt } from './helix-call.ts';
import type { Answer } from './rest.ts';
import { type Account, type Channel, type ChatLine, findChannel, mayModerate, tell } from './world.ts';

/** Moderators, VIPs, bans, and messages that are taken away. */
export const moderationRoutes: Record<string, Endpoint> = {
  'GET /moderation/moderators': {
    scopes: ['moderation:read', 'channel:manage:moderators'],
    user: true,
    run: moderators,
  },
  'GET /moderation/channels': { scopes: ['user:read:moderated_channels'], user: true, run: channelsOf },
  'DELETE /moderation/chat': { scopes: ['moderator:manage:chat_messages'], user: true, run: removeMessages },
  'POST /moderation/bans': { scopes: ['moderator:manage:banned_users'], user: true, run: banUser },
  'DELETE /moderation/bans': { scopes: ['moderator:manage:banned_users'], user: true, run: pardon },
  'POST /channels/vips': { scopes: ['channel:manage:vips'], user: true, run: addVip },
  'DELETE /channels/vips': { scopes: ['channel:manage:vips'], user: true, run: dropVip },
};

const personOf = ({ id, login, name }: Account): Record<string, string> => ({
  user_id: id,
  user_login: login,
  user_name: name,
});

function moderators(call: Call): Answer {
  const found = own(call);
  if ('refused' in found) return found.refused;
  const wanted = call.query.getAll('user_id');
  const all = call.hub.world.accounts.filter(({ id }) => found.channel.moderators.has(id));
  const data = all.filter(({ id }) => wanted.length === 0 || wanted.includes(id)).map(personOf);
  return list(data, { pagination: {} });
}

/** The channel of a broadcaster_id, which must be that of the token's own user. */
function own(call: Call): { channel: Channel } | { refused: Answer } {
  const absent = missing(call, 'query', 'broadcaster_id');
  if (absent) return { refused: absent };
  const channel = findChannel(call.hub.world, call.query.get('broadcaster_id') ?? '');
  if (channel && channel.id === call.access.account?.id) return { channel };
  return {
    refused: refuse(call, 401, 'The ID in broadcaster_id must match the user ID found in the request’s OAuth token'),
  };
}

function channelsOf(call: Call): Answer {
  const absent = missing(call, 'query', 'user_id');
  if (absent) return absent;
  const id = call.query.get('user_id') ?? '';
  if (id !== call.access.account?.id) return refuse(call, 401, 'The ID in user_id must match the user ID of the token');
  const data = call.hub.world.channels
    .filter(({ moderators: all }) => all.has(id))
    .map(({ id: room, login, owner }) => ({
      broadcaster_id: room,
      broadcaster_login: login,
      broadcaster_name: owner.name,
    }));
  return list(data, { pagination: {} });
}

/** One message, or the whole chat where none is named. */
function removeMessages(call: Call): Answer {
  const found = moderated(call);
  if ('refused' in found) return found.refused;
  const { channel } = found;
  const id = call.query.get('message_id');
  if (id === null) return clear(call, channel);
  const line = channel.lines.find((one) => one.id === id && !one.gone);
  if (!line) return refuse(call, 404, 'The ID in message_id was not found');
  if (isShielded(line, call.access.account)) return refuse(call, 400, 'You cannot delete another moderator’s messages');
  remove(call.hub, line);
  return { status: 204 };
}

function clear({ hub }: Call, channel: Channel): Answer {
  for (const line of channel.lines) line.gone = true;
  tell(hub.world, { kind: 'cleared', channel });
  return { status: 204 };
}

/** Lines of the broadcaster and of moderators are left to the broadcaster, and each to its author. */
const isShielded = ({ author, channel }: ChatLine, account: Account | undefined): boolean =>
  mayModerate(channel, author.id) && account !== author && account?.id !== channel.id;

/** https://dev.twitch.tv/docs/api/reference/#ban-user: with a duration in seconds it is a time-out. */
function banUser(call: Call): Answer {
  const found = moderated(call);
  if ('refused' in found) return found.refused;
  const { channel } = found;
  const { user_id, duration } = fieldsOf(call.body.data);
  const target = userAt(call, user_id);
  if (!target) return refuse(call, 400, 'The user specified in the user_id field may not be banned.');
  const refused = unbannable(call, channel, target, duration);
  if (refused) return refused;
  const seconds = typeof duration === 'number' ? duration : undefined;
  ban(call.hub, channel, target, seconds);
  return list([banOf(call, channel, target, seconds)]);
}

const fieldsOf = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value ? { ...value } : {});

/** Two weeks. */
const LONGEST_TIMEOUT = 1_209_600;

function unbannable(call: Call, channel: Channel, target: Account, duration: unknown): Answer | undefined {
  const says = (message: string): Answer => refuse(call, 400, message);
  if (target.id === channel.id || target === call.access.account) {
    return says('The user specified in the user_id field may not be banned.');
  }
  if (duration !== undefined && !isDuration(duration)) return says('The value in the duration field is not valid.');
  if (channel.bans.get(target.id) === Infinity)
    return says('The user specified in the user_id field is already banned.');
  return undefined;
}

const isDuration = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LONGEST_TIMEOUT;

function banOf({ hub, access }: Call, channel: Channel, target: Account, seconds?: number): Record<string, unknown> {
  const now = hub.clock();
  return {
    broadcaster_id: channel.id,
    moderator_id: access.account?.id,
    user_id: target.id,
    created_at: new Date(now).toISOString(),
    end_time: seconds === undefined ? null : new Date(now + seconds * 1_000).toISOString(),
  };
}

function pardon(call: Call): Answer {
  const found = moderated(call);
  if ('refused' in found) return found.refused;
  const absent = missing(call, 'query', 'user_id');
  if (absent) return absent;
  const gone = found.channel.bans.delete(call.query.get('user_id') ?? '');
  return gone ? { status: 204 } : refuse(call, 400, 'The user specified in the user_id query parameter is not banned.');
}

function addVip(call: Call): Answer {
  return withVip(call, ({ vips, moderators: all }, id) => {
    if (all.has(id)) return refuse(call, 422, 'The user is already a moderator');
    if (vips.has(id)) return refuse(call, 422, 'The user is already a VIP');
    vips.add(id);
    return { status: 204 };
  });
}

function dropVip(call: Call): Answer {
  return withVip(call, ({ vips }, id) =>
    vips.delete(id) ? { status: 204 } : refuse(call, 422, 'The user is not a VIP'),
  );
}

function withVip(call: Call, act: (channel: Channel, id: string) => Answer): Answer {
  const found = own(call);
  if ('refused' in found) return found.refused;
  const absent = missing(call, 'query', 'user_id');
  if (absent) return absent;
  const target = userAt(call, call.query.get('user_id'));
  return target ? act(found.channel, target.id) : refuse(call, 404, 'The user_id was not found');
}
