import { randomBytes } from 'node:crypto';
import type { Delivery } from './delivery.ts';
import { texts } from './texts.ts';
import type { Wire } from './wire.ts';
import { keep, type Workspace } from './workspace.ts';

/** Makes events of what happens, for those that the app may see, and remembers them. */
export class Feed {
  readonly #workspace: Workspace;
  readonly #delivery: Delivery;
  readonly #sent: { about: string; payload: Wire }[] = [];

  constructor(workspace: Workspace, delivery: Delivery) {
    this.#workspace = workspace;
    this.#delivery = delivery;
  }

  /** Sends an event, unless the app lacks the scope or is not where it happened. `about` is the ts for `again`. */
  publish(event: Wire, about = String(event.event_ts)): void {
    if (!isSeen(this.#workspace, event)) return;
    const payload = wrapped(this.#workspace, event);
    keep(this.#sent, { about, payload });
    this.#delivery.event(payload);
  }

  /** Sends what was sent about this ts, or under this event id, once more. */
  again(id: string): void {
    const found = this.#sent.filter(({ about, payload }) => about === id || payload.event_id === id);
    if (found.length === 0) throw new Error(texts.noSuchEvent(id));
    for (const { payload } of found) this.#delivery.event(payload, 1);
  }
}

/** Which scope an event needs. https://docs.slack.dev/reference/events */
const SCOPES: Record<string, string> = {
  app_mention: 'app_mentions:read',
  channel_archive: 'channels:read',
  channel_created: 'channels:read',
  channel_deleted: 'channels:read',
  channel_left: 'channels:read',
  channel_rename: 'channels:read',
  channel_unarchive: 'channels:read',
  member_joined_channel: 'channels:read',
  member_left_channel: 'channels:read',
  reaction_added: 'reactions:read',
  team_join: 'users:read',
  user_change: 'users:read',
};

/** Events that tell only those who are in the channel. */
const MEMBERS_ONLY = new Set(['message', 'app_mention', 'member_joined_channel', 'member_left_channel']);

function isSeen({ app, scopes, channels, bot }: Workspace, event: Wire): boolean {
  const type = String(event.type);
  if (app === 'uninstalled' && type !== 'app_uninstalled' && type !== 'tokens_revoked') return false;
  const scope = type === 'message' ? messageScope(event) : SCOPES[type];
  if (scope && !scopes.has(scope)) return false;
  return !MEMBERS_ONLY.has(type) || channels.get(String(event.channel))?.members.has(bot.id) === true;
}

const messageScope = (event: Wire): string => (event.channel_type === 'im' ? 'im:history' : 'channels:history');

/** The outer part, the same for every event. https://docs.slack.dev/apis/events-api */
function wrapped({ team, bot }: Workspace, event: Wire): Wire {
  return {
    token: 'sample-verification-token',
    team_id: team.id,
    context_team_id: team.id,
    context_enterprise_id: null,
    api_app_id: bot.appId,
    event,
    type: 'event_callback',
    event_id: `Ev${randomBytes(6).toString('hex').toUpperCase()}`,
    event_time: Math.floor(Date.now() / 1_000),
    authorizations: [
      { enterprise_id: null, team_id: team.id, user_id: bot.id, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${randomBytes(9).toString('base64url')}`,
  };
}
