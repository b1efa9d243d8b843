import { CHANNELS, type Ask, type Hear, type Said } from '#bench/load/dispatch.ts';
import { turns } from '#bench/load/turns.ts';
import { answerOf, jsonAnswer, type Answer } from './response.ts';

/** Slack, cut off at the wire. */
export interface SlackWire {
  fetch(url: string, init: { body?: unknown }): Promise<Answer>;
  /** From now on what arrives goes to `take`. */
  connect(take: (arrival: Arrival) => Promise<void>): void;
  hear: Hear;
  /** Resolves when the bot knows who it is. */
  known: Promise<void>;
}

/** What Bolt's receivers hand over. https://docs.slack.dev/tools/bolt-js/concepts/receiver */
export interface Arrival {
  body: unknown;
  ack(answer?: unknown): Promise<void>;
}

/** Envelopes are parsed from the text that Socket Mode would bring; requests and acknowledgements are whole when they come here. */
export function slackWire(said: Said, channels = CHANNELS): SlackWire {
  const later = turns();
  const { promise: known, resolve: tellWho } = Promise.withResolvers<void>();
  let take = async (_arrival: Arrival): Promise<void> => undefined;
  const bring = (text: string): void => {
    const { envelope_id, payload } = JSON.parse(text) as { envelope_id: string; payload: unknown };
    const ack = async (answer?: unknown): Promise<void> => said(JSON.stringify({ envelope_id, payload: answer ?? {} }));
    void take({ body: payload, ack });
  };
  return {
    fetch: (url, { body }) =>
      new Promise((resolve) => {
        said(`${url} ${String(body)}`);
        later(() => resolve(answer(url, String(body))));
        if (url.endsWith('/auth.test')) later(() => later(tellWho));
      }),
    connect: (to) => void (take = to),
    hear: (ask) => later(() => bring(slashCommand(ask, ask.id % channels))),
    known,
  };
}

/** Slack knows no moderators: these are admins of the workspace. A hundred people of each kind take turns. */
export const MODERATORS: readonly string[] = Array.from({ length: 100 }, (_, index) => `U0MODERATE${index + 100}`);
const MEMBERS = Array.from({ length: 100 }, (_, index) => `U0MEMBER00${index + 100}`);

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
function slashCommand({ id, by, n, text }: Ask, position: number): string {
  const person = (by === 'moderator' ? MODERATORS : MEMBERS)[id % 100];
  return `{"envelope_id":"${envelope(id)}","type":"slash_commands","accepts_response_payload":true,"payload":{\
"token":"bench","team_id":"T0BENCH0001","team_domain":"bench","channel_id":"C0ROOM000${10 + position}","channel_name":"room${position}",\
"user_id":"${person}","user_name":"person${id % 100}","command":"/echo","text":"${n} ${text}","api_app_id":"A0BENCH0001",\
"is_enterprise_install":"false","response_url":"https://hooks.slack.com/commands/T0BENCH0001/${id}/bench",\
"trigger_id":"${id}.100.0123456789abcdef"}}`;
}

function envelope(id: number): string {
  return `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`;
}

function answer(url: string, body: string): Answer {
  if (url.includes('/commands/')) return OK;
  if (url.endsWith('/users.info')) return person(/user=(\w+)/.exec(body)?.[1] ?? '');
  return url.endsWith('/auth.test') ? WHO : POSTED;
}

/** https://docs.slack.dev/reference/methods/users.info */
function person(id: string): Answer {
  const name = `person${id.slice(-3)}`;
  const is_admin = MODERATORS.includes(id);
  const user = { id, team_id: 'T0BENCH0001', name, real_name: name, profile: { display_name: name }, is_admin };
  return jsonAnswer({ ok: true, user });
}

const OK = answerOf(200, 'ok');

const WHO = jsonAnswer({
  ok: true,
  url: 'https://bench.slack.com/',
  team: 'Bench',
  user: 'guildhall',
  team_id: 'T0BENCH0001',
  user_id: 'U0GUILDHALL',
  bot_id: 'B0GUILDHALL',
  is_enterprise_install: false,
});

const POSTED = jsonAnswer({ ok: true, channel: 'C0ROOM00010', ts: '1760000000.000100', message: { text: '' } });
