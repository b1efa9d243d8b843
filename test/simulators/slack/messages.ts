import type { Feed } from './feed.ts';
import type { Channel, Kept, Wire } from './wire.ts';
import { findMessage, keep, type Workspace } from './workspace.ts';

/** What a message is about to be. `fields` are its wire form, without ts. */
export interface Draft {
  text: string;
  fields: Wire;
  to?: string;
  answers?: string;
  /** The line under which it stands in a thread. */
  threadTs?: string;
  broadcast?: boolean;
}

/** The only writer of messages: keeps them, and tells the feed what the app may see. */
export class Messages {
  readonly #workspace: Workspace;
  readonly #feed: Feed;

  constructor(workspace: Workspace, feed: Feed) {
    this.#workspace = workspace;
    this.#feed = feed;
  }

  post(channel: Channel, draft: Draft): Kept {
    const ts = this.#workspace.nextTs();
    const wire = { type: 'message', ...draft.fields, text: draft.text, ts, ...threadFields(channel, draft) };
    const kept: Kept = {
      wire,
      ...(draft.to ? { to: draft.to } : {}),
      ...(draft.answers ? { answers: draft.answers } : {}),
    };
    keep(channel.messages, kept);
    if (draft.threadTs) countReply(channel, draft.threadTs, kept);
    if (!draft.to) this.#tell(channel, kept);
    return kept;
  }

  /** Gives the ts of the event. */
  change(channel: Channel, kept: Kept, fields: Wire & { text: string }, user: string): string {
    const previous = { ...kept.wire };
    const ts = this.#workspace.nextTs();
    kept.wire = { ...kept.wire, ...fields, edited: { user, ts } };
    if (kept.to) return ts;
    this.#hidden(channel, ts, { subtype: 'message_changed', message: kept.wire, previous_message: previous });
    return ts;
  }

  remove(channel: Channel, kept: Kept): string {
    const ts = this.#workspace.nextTs();
    channel.messages = channel.messages.filter((one) => one !== kept);
    if (kept.to) return ts;
    const { ts: deleted } = kept.wire;
    this.#hidden(channel, ts, { subtype: 'message_deleted', deleted_ts: deleted, previous_message: kept.wire });
    return ts;
  }

  #hidden(channel: Channel, ts: string, event: Wire): void {
    this.#feed.publish({ type: 'message', ...event, hidden: true, ...place(channel), ts, event_ts: ts });
  }

  /** A mention in a channel gives two events. In direct messages there is the message alone. */
  #tell(channel: Channel, { wire }: Kept): void {
    const event = { ...withoutMetadata(wire), ...place(channel), event_ts: wire.ts };
    if (channel.kind === 'room' && wire.user !== channel.bot.id && wire.text.includes(`<@${channel.bot.id}>`)) {
      const { channel_type: _type, subtype: _subtype, ...mention } = event as Wire;
      this.#feed.publish({ ...mention, type: 'app_mention' }, wire.ts);
    }
    this.#feed.publish(event, wire.ts);
  }
}

/** The metadata of a message is not in its event. */
export function withoutMetadata({ metadata: _metadata, ...rest }: Wire): Wire {
  return rest;
}

const place = ({ id, kind }: Channel): Wire => ({ channel: id, channel_type: kind === 'direct' ? 'im' : 'channel' });

function threadFields(channel: Channel, { threadTs, broadcast, fields }: Draft): Wire {
  if (!threadTs) return {};
  const parent = findMessage(channel, threadTs);
  return {
    thread_ts: threadTs,
    ...(parent ? { parent_user_id: parent.wire.user } : {}),
    ...(broadcast ? { subtype: fields.subtype ?? 'thread_broadcast' } : {}),
  };
}

function countReply(channel: Channel, threadTs: string, reply: Kept): void {
  const parent = findMessage(channel, threadTs);
  if (!parent || reply.to) return;
  const count = Number(parent.wire.reply_count ?? 0) + 1;
  parent.wire = { ...parent.wire, thread_ts: threadTs, reply_count: count, latest_reply: reply.wire.ts };
}
