import { arriving } from './chat.ts';
import { badgesOf } from './irc-wire.ts';
import type { Account, Channel, ChatEvent, ChatLine, Quoted } from './world.ts';

/** The events that can be subscribed to: their version, what the condition names, and a scope where one is needed. */
export const EVENT_TYPES = {
  'channel.chat.message': { version: '1', condition: ['broadcaster_user_id', 'user_id'], scope: 'user:read:chat' },
  'channel.chat.message_delete': {
    version: '1',
    condition: ['broadcaster_user_id', 'user_id'],
    scope: 'user:read:chat',
  },
  'stream.online': { version: '1', condition: ['broadcaster_user_id'], scope: '' },
  'stream.offline': { version: '1', condition: ['broadcaster_user_id'], scope: '' },
} as const;

export type EventName = keyof typeof EVENT_TYPES;

/** A notification: its fields, and a key that is the same whenever the same thing is told again. */
export interface Notification {
  key: string;
  fields: Record<string, unknown>;
}

interface Wanted {
  type: EventName;
  condition: Record<string, string>;
}

/** What somebody who subscribed to this is told of it, or undefined. */
export function eventOf({ type, condition }: Wanted, event: ChatEvent): Notification | undefined {
  const channel = event.kind === 'message' || event.kind === 'deleted' ? event.line.channel : event.channel;
  return condition.broadcaster_user_id === channel.id ? EVENTS[type](event) : undefined;
}

const EVENTS: Record<EventName, (event: ChatEvent) => Notification | undefined> = {
  'channel.chat.message': (event) =>
    event.kind === 'message' ? { key: event.line.id, fields: messageFields(event.line) } : undefined,
  'channel.chat.message_delete': (event) =>
    event.kind === 'deleted' ? { key: `${event.line.id}/gone`, fields: deletedFields(event.line) } : undefined,
  'stream.online': (event) => (event.kind === 'live' && event.channel.live ? live(event.channel) : undefined),
  'stream.offline': (event) => (event.kind === 'live' && !event.channel.live ? live(event.channel) : undefined),
};

const named = (who: string, { id, login, name }: Account): Record<string, string> => ({
  [`${who}_user_id`]: id,
  [`${who}_user_login`]: login,
  [`${who}_user_name`]: name,
});

/** https://dev.twitch.tv/docs/eventsub/eventsub-subscription-types/#channelchatmessage */
function messageFields(line: ChatLine): Record<string, unknown> {
  const text = arriving(line);
  const [set_id = '', id = ''] = badgesOf(line.channel, line.author).split('/');
  return {
    ...named('broadcaster', line.channel.owner),
    ...named('chatter', line.author),
    message_id: line.id,
    message: { text, fragments: [{ type: 'text', text, cheermote: null, emote: null, mention: null }] },
    color: line.author.color,
    badges: set_id === '' ? [] : [{ set_id, id, info: '' }],
    message_type: 'text',
    cheer: null,
    reply: line.parent ? replyFields(line.parent, line.thread ?? line.parent) : null,
    channel_points_custom_reward_id: null,
  };
}

function replyFields(parent: Quoted, thread: Quoted): Record<string, unknown> {
  return {
    parent_message_id: parent.id,
    parent_message_body: parent.text,
    ...named('parent', parent.author),
    thread_message_id: thread.id,
    ...named('thread', thread.author),
  };
}

const deletedFields = (line: ChatLine): Record<string, unknown> => ({
  ...named('broadcaster', line.channel.owner),
  ...named('target', line.author),
  message_id: line.id,
});

function live({ owner, live: on }: Channel): Notification {
  const started_at = new Date().toISOString();
  const fields = named('broadcaster', owner);
  return { key: started_at, fields: on ? { ...fields, id: `9${owner.id}`, type: 'live', started_at } : fields };
}
