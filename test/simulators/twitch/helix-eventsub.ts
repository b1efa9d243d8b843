import { randomUUID } from 'node:crypto';
import type { EventSession, EventSub, Subscription } from './eventsub.ts';
import { EVENT_TYPES, type EventName } from './eventsub-events.ts';
import { type Call, type Endpoint, list, missing, refuse } from './helix-call.ts';
import type { Answer } from './rest.ts';

/** Subscriptions to events: https://dev.twitch.tv/docs/eventsub/manage-subscriptions/. Only sockets, no webhooks. */
export const eventSubRoutes = ({ sessions }: EventSub): Record<string, Endpoint> => ({
  'GET /eventsub/subscriptions': { user: true, run: (call) => all(call, [...sessions.values()]) },
  'POST /eventsub/subscriptions': { user: true, run: (call) => subscribe(call, sessions) },
  'DELETE /eventsub/subscriptions': { user: true, run: (call) => unsubscribe(call, [...sessions.values()]) },
});

const COSTS = { total_cost: 0, max_total_cost: 10 };

const mine = (call: Call, sessions: EventSession[]): EventSession[] =>
  sessions.filter(({ account }) => account === call.access.account?.id);

function all(call: Call, sessions: EventSession[]): Answer {
  const { query } = call;
  const found = mine(call, sessions)
    .flatMap(({ subscriptions }) => subscriptions)
    .filter(({ type, status }) => (query.get('type') ?? type) === type && (query.get('status') ?? status) === status);
  return list(found, { total: found.length, ...COSTS, pagination: {} });
}

function subscribe(call: Call, sessions: Map<string, EventSession>): Answer {
  const absent = missing(call, 'body', 'type', 'version', 'condition', 'transport');
  if (absent) return absent;
  const asked = readBody(call.body);
  const session = sessions.get(asked.session);
  const refused = unfit(call, asked, session);
  if (refused || !session) return refused ?? refuse(call, 400, NO_SESSION);
  const subscription = newSubscription(asked, session);
  session.account = call.access.account?.id ?? '';
  session.subscriptions.push(subscription);
  return { status: 202, body: { data: [subscription], total: session.subscriptions.length, ...COSTS } };
}

const NO_SESSION = 'websocket transport session does not exist or has already disconnected';

interface Wanted {
  type: EventName | undefined;
  version: string;
  condition: Record<string, string>;
  method: string;
  session: string;
}

function readBody({ type, version, condition, transport }: Call['body']): Wanted {
  const known = Object.keys(EVENT_TYPES).find((name): name is EventName => name === type);
  const to = fieldsOf(transport);
  return {
    type: known,
    version: String(version),
    condition: fieldsOf(condition),
    method: to.method ?? '',
    session: to.session_id ?? '',
  };
}

const fieldsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(value ?? {}).map(([name, one]) => [name, String(one)]));

function unfit(call: Call, asked: Wanted, session: EventSession | undefined): Answer | undefined {
  const form = asked.type && EVENT_TYPES[asked.type];
  if (!form || form.version !== asked.version) return refuse(call, 400, 'invalid subscription type and version');
  if (form.condition.some((name) => !asked.condition[name])) return refuse(call, 400, 'invalid condition');
  if (asked.method !== 'websocket') return refuse(call, 400, 'invalid transport and auth combination');
  if (!session || (session.account !== '' && session.account !== call.access.account?.id)) {
    return refuse(call, 400, NO_SESSION);
  }
  const { user_id } = asked.condition;
  const authorized = form.scope === '' || call.access.scopes.includes(form.scope);
  const own = user_id === undefined || user_id === call.access.account?.id;
  if (!authorized || !own) return refuse(call, 403, 'subscription missing proper authorization');
  return isKnown(asked, session) ? refuse(call, 409, 'subscription already exists') : undefined;
}

const isKnown = (asked: Wanted, { subscriptions }: EventSession): boolean =>
  subscriptions.some(
    ({ type, condition }) =>
      type === asked.type && condition.broadcaster_user_id === asked.condition.broadcaster_user_id,
  );

function newSubscription({ type, version, condition }: Wanted, session: EventSession): Subscription {
  return {
    id: randomUUID(),
    status: 'enabled',
    type: type ?? 'stream.online',
    version,
    condition,
    created_at: new Date().toISOString(),
    transport: { method: 'websocket', session_id: session.id, connected_at: session.connectedAt },
    cost: 0,
  };
}

function unsubscribe(call: Call, sessions: EventSession[]): Answer {
  const absent = missing(call, 'query', 'id');
  if (absent) return absent;
  const wanted = call.query.get('id');
  for (const { subscriptions } of mine(call, sessions)) {
    const at = subscriptions.findIndex(({ id }) => id === wanted);
    if (at >= 0) {
      subscriptions.splice(at, 1);
      return { status: 204 };
    }
  }
  return refuse(call, 404, 'The subscription was not found');
}
