import { createHmac, timingSafeEqual } from 'node:crypto';
import { parse } from 'node:querystring';
import type { Webhook, WebhookAnswer } from '#core/platform.ts';
import type { Arrival } from './listen.ts';
import type { SlackBody } from './slack.external.ts';

/** Answers one POST of Slack's. The body as it came: the signature is over its bytes. Never rejects. */
export type SlackEvents = Webhook['handle'];

export interface SlackEventsOptions {
  signingSecret: string;
  /** ms since 1970. */
  clock(): number;
  arrived(arrival: Arrival): Promise<void>;
  /** Told of every request that is Slack's. */
  heard(): void;
}

/**
 * Events and slash commands by HTTP. 401 without a right signature; 503 where nothing could be stored, so that Slack sends an
 * event again. https://docs.slack.dev/apis/events-api/using-http-request-urls
 */
export function slackEvents(options: SlackEventsOptions): SlackEvents {
  return async (headers, rawBody) => {
    if (!isSigned(options, headers, rawBody)) return { status: 401, body: '' };
    options.heard();
    const body = readBody(headers, rawBody);
    if (!body) return { status: 400, body: '' };
    if (body.type === 'url_verification') return { status: 200, body: body.challenge ?? '', contentType: 'text/plain' };
    return handOver(options, body);
  };
}

/** The request is answered when it is acknowledged, which for a slow command is before it is done with. */
async function handOver({ arrived }: SlackEventsOptions, body: SlackBody): Promise<WebhookAnswer> {
  const acknowledged = Promise.withResolvers<WebhookAnswer>();
  const ack: Arrival['ack'] = async (response) =>
    acknowledged.resolve(
      response
        ? { status: 200, body: JSON.stringify(response), contentType: 'application/json' }
        : { status: 200, body: '' },
    );
  const done = arrived({ body, ack }).then(() => ({ status: 503, body: '' }));
  return Promise.race([acknowledged.promise, done]);
}

/** Older requests could be recorded ones. https://docs.slack.dev/authentication/verifying-requests-from-slack */
const WINDOW_SECONDS = 300;

function isSigned(
  { signingSecret, clock }: SlackEventsOptions,
  headers: Record<string, string | string[] | undefined>,
  rawBody: Uint8Array,
): boolean {
  const { 'x-slack-signature': signature, 'x-slack-request-timestamp': at } = headers;
  if (typeof signature !== 'string' || typeof at !== 'string' || !/^\d{1,12}$/.test(at)) return false;
  if (Math.abs(clock() / 1_000 - Number(at)) > WINDOW_SECONDS) return false;
  const right = createHmac('sha256', signingSecret).update(`v0:${at}:`).update(rawBody).digest('hex');
  const [given, wanted] = [Buffer.from(signature), Buffer.from(`v0=${right}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Commands come as a form, events as JSON. */
function readBody(headers: Record<string, string | string[] | undefined>, rawBody: Uint8Array): SlackBody | undefined {
  const text = Buffer.from(rawBody).toString('utf8');
  if (String(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')) return readForm(text);
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

function readForm(text: string): SlackBody {
  const fields = Object.entries(parse(text)).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]);
  return Object.fromEntries(fields) as SlackBody;
}
