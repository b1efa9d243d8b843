import { barred, LONGEST, lengthOf, speak, type Spoken } from './chat.ts';
import { type Call, type Endpoint, given, list, missing, moderated, refuse, userAt } from './helix-call.ts';
import type { Answer } from './rest.ts';
import { type Account, type Channel, findChannel, mayModerate, tell } from './world.ts';

/** Speaking, and who is there. */
export const chatRoutes: Record<string, Endpoint> = {
  'POST /chat/messages': { scopes: ['user:write:chat'], run: sendMessage },
  'GET /chat/settings': { run: settings },
  'PATCH /chat/settings': { scopes: ['moderator:manage:chat_settings'], user: true, run: changeSettings },
  'GET /chat/chatters': { scopes: ['moderator:read:chatters'], user: true, run: chatters },
};

/** https://dev.twitch.tv/docs/api/reference/#send-chat-message. A drop is an answer of 200 that says why. */
function sendMessage(call: Call): Answer {
  const { hub } = call;
  const absent = missing(call, 'either', 'broadcaster_id', 'sender_id', 'message');
  if (absent) return absent;
  const channel = findChannel(hub.world, String(given(call, 'broadcaster_id')));
  const author = userAt(call, given(call, 'sender_id'));
  if (!channel || !author) return refuse(call, 400, 'The ID in broadcaster_id or sender_id is not valid');
  const refused = unfit(call, channel, author);
  if (refused) return refused;
  const parent = given(call, 'reply_parent_message_id');
  const text = String(given(call, 'message'));
  return told(speak(hub, { author, channel, text, ...(typeof parent === 'string' ? { parent } : {}) }));
}

function unfit(call: Call, channel: Channel, author: Account): Answer | undefined {
  const { account } = call.access;
  if (account && account !== author) return refuse(call, 401, WRONG_SENDER);
  if (!account && !mayBot(call, channel, author)) return refuse(call, 403, NO_BOT);
  const length = lengthOf(String(given(call, 'message')));
  if (length > LONGEST) return refuse(call, 422, 'The message is too large');
  return barred(channel, author, call.hub.clock()) ? refuse(call, 403, NOT_PERMITTED) : undefined;
}

/** An application speaks for an account that allowed `user:bot`, in channels where that account moderates. */
function mayBot({ hub, access }: Call, channel: Channel, author: Account): boolean {
  const grants = [...hub.tokens.grants.refresh.values()];
  const bot = grants.some(
    ({ app, account, scopes }) => app === access.app && account === author && scopes.includes('user:bot'),
  );
  const there = grants.some(({ account, scopes }) => account.id === channel.id && scopes.includes('channel:bot'));
  return bot && (there || mayModerate(channel, author.id));
}

const WRONG_SENDER = 'The ID in sender_id must match the user ID found in the request’s OAuth token';
const NO_BOT = 'The sender must have authorized the app with the user:bot scope';
const NOT_PERMITTED = 'The sender is not permitted to send chat messages to the broadcaster’s chat room';

function told(spoken: Spoken): Answer {
  if ('line' in spoken) return list([{ message_id: spoken.line.id, is_sent: true, drop_reason: null }]);
  const message = spoken.notice?.text ?? 'Your message was not sent.';
  return list([{ message_id: '', is_sent: false, drop_reason: { code: spoken.code, message } }]);
}

function settings(call: Call): Answer {
  const absent = missing(call, 'query', 'broadcaster_id');
  if (absent) return absent;
  const channel = findChannel(call.hub.world, call.query.get('broadcaster_id') ?? '');
  return channel ? list([settingsOf(channel)]) : refuse(call, 400, 'The broadcaster_id is not valid');
}

/** https://dev.twitch.tv/docs/api/reference/#update-chat-settings; slow mode alone can be changed here. */
function changeSettings(call: Call): Answer {
  const found = moderated(call);
  if ('refused' in found) return found.refused;
  const { channel } = found;
  const { slow_mode: on, slow_mode_wait_time: seconds = channel.slow || USUAL_SLOW } = call.body;
  const isWithin = Number.isInteger(seconds) && Number(seconds) >= 3 && Number(seconds) <= 120;
  if (typeof on !== 'boolean') return refuse(call, 400, 'The request must set at least one setting');
  if (on && !isWithin) return refuse(call, 400, 'The value in slow_mode_wait_time must be between 3 and 120');
  channel.slow = on ? Number(seconds) : 0;
  tell(call.hub.world, { kind: 'room', channel });
  return list([settingsOf(channel)]);
}

const USUAL_SLOW = 30;

const settingsOf = ({ id, slow }: Channel): Record<string, unknown> => ({
  broadcaster_id: id,
  slow_mode: slow > 0,
  slow_mode_wait_time: slow > 0 ? slow : null,
  follower_mode: false,
  follower_mode_duration: null,
  subscriber_mode: false,
  emote_mode: false,
  unique_chat_mode: false,
});

/** Everybody who is in the chat: in the sample world, all people. */
function chatters(call: Call): Answer {
  const found = moderated(call);
  if ('refused' in found) return found.refused;
  const { accounts, channels } = call.hub.world;
  const owners = channels.filter((one) => one !== found.channel).map(({ id }) => id);
  const there = accounts.filter(({ id }) => !owners.includes(id));
  const data = there.map(({ id, login, name }) => ({ user_id: id, user_login: login, user_name: name }));
  return list(data, { pagination: {}, total: data.length });
}
