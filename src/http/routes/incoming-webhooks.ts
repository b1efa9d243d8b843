import { z } from 'zod';
import {
  endWebhook,
  makeWebhook,
  openWebhook,
  postByWebhook,
  rotateWebhook,
  seeWebhooks,
  type IncomingWebhook,
  type MadeWebhook,
} from '#chat/incoming-webhooks.ts';
import { readWebhookBody, type WebhookBody } from '#chat/webhook-body.ts';
import { toRfc3339 } from '#core/clock.ts';
import { badRequest } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { needUse } from '#core/rate.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { publicUrlOf } from '#http/public-url.ts';
import { IdParams, line, Nothing } from '#http/shapes.ts';

/** Addresses that programs post to. What platforms post to us stands in webhooks.ts. */
export async function incomingWebhookRoutes(app: App, hall: Hall, callers: Callers): Promise<void> {
  const tags = ['webhooks'];

  app.get(
    '/v1/communities/:id/webhooks',
    { schema: { tags, params: IdParams, querystring: Page, response: { 200: Webhooks } } },
    async (request) => {
      const session = await callers.need(request);
      const { after, limit } = request.query;
      const asked = { community: request.params.id, limit, ...(after !== undefined && { after }) };
      const { webhooks, next } = await seeWebhooks(hall.chat, session, asked);
      return { webhooks: webhooks.map(shape), ...(next !== undefined && { next }) };
    },
  );

  app.post(
    '/v1/communities/:id/webhooks',
    { schema: { tags, params: IdParams, body: NewWebhook, response: { 201: Made } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const made = await makeWebhook(hall.chat, session, { community: request.params.id, ...request.body });
      return reply.code(201).send(shapeMade(made, publicUrlOf(request, hall.settings)));
    },
  );

  app.post(
    '/v1/communities/:id/webhooks/:webhook/rotate',
    { schema: { tags, params: OneParams, response: { 200: Made } } },
    async (request) => {
      const session = await callers.need(request);
      const { id: community, webhook: id } = request.params;
      const made = await rotateWebhook(hall.chat, session, { community, id });
      return shapeMade(made, publicUrlOf(request, hall.settings));
    },
  );

  app.delete(
    '/v1/communities/:id/webhooks/:webhook',
    { schema: { tags, params: OneParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const { id: community, webhook: id } = request.params;
      await endWebhook(hall.chat, session, { community, id });
      return reply.code(204).send(null);
    },
  );

  await app.register(async (own) => {
    // Slack's other kind of body, at this address and nowhere else. https://api.slack.com/custom-integrations/incoming-webhooks
    own.addContentTypeParser(FORM, { parseAs: 'buffer' }, async (_: unknown, body: Buffer) => payloadOf(body));
    hookRoute(own as App, hall);
  });
}

/** Needs no session: the address is the right. */
function hookRoute(app: App, hall: Hall): void {
  app.post(
    '/v1/hooks/:id/:secret',
    {
      bodyLimit: LIMITS.webhookPost,
      schema: { tags: ['webhooks'], params: Address, body: Posted, response: { 200: z.string() } },
    },
    async (request, reply) => {
      await readAsStranger(hall, request);
      const webhook = await openWebhook(hall.chat, request.params.id, request.params.secret);
      await needUse(hall.rates, `hook ${webhook.id}`, LIMITS.webhookPosts);
      await postByWebhook(hall.chat, webhook, readWebhookBody(request.body as WebhookBody));
      // As Slack answers: senders made for it look for these two letters.
      return reply.type('text/plain; charset=utf-8').serializer(String).send('ok');
    },
  );
}

const FORM = 'application/x-www-form-urlencoded';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON in `payload`. Half a character is refused and not replaced, as in a body of JSON. */
function payloadOf(form: Buffer): unknown {
  try {
    const field = utf8
      .decode(form)
      .split('&')
      .find((one) => one.startsWith('payload='));
    return JSON.parse(decodeURIComponent(field?.slice('payload='.length).replaceAll('+', ' ') ?? '')) as unknown;
  } catch {
    throw badRequest('bad-form', 'A form has one field, payload, with the JSON in it in UTF-8.');
  }
}

const id = z.string().max(100);
const time = z.iso.datetime();
const Webhook = z.object({
  id,
  room: id,
  roomName: z.string(),
  name: z.string(),
  madeBy: z.string().nullable(),
  madeAt: time,
  lastUsedAt: time.nullable(),
});
const Webhooks = z.object({ webhooks: z.array(Webhook), next: id.optional() });
const Made = z.object({ webhook: Webhook, url: z.string().describe('shown once') });
const NewWebhook = z.strictObject({ room: id, name: line(LIMITS.personName) });
const Page = z.strictObject({
  after: id.optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.historyPage).default(LIMITS.historyDefault),
});
const OneParams = IdParams.extend({ webhook: id });
const Address = z.object({ id, secret: z.string().max(100) });

const cell = z.string().max(LIMITS.webhookCell);
const Columns = z.array(z.strictObject({ name: cell, numeric: z.boolean().optional() }));
const Parts = z.array(z.record(z.string(), z.unknown())).max(LIMITS.webhookParts);
/** What Slack's senders add about how it should look there: taken, and of no effect. */
const ignored = Object.fromEntries(
  [
    'username',
    'channel',
    'icon_emoji',
    'icon_url',
    'mrkdwn',
    'link_names',
    'parse',
    'unfurl_links',
    'unfurl_media',
  ].map((name) => [name, z.unknown().optional()]),
);
const Posted = z.strictObject({
  text: z.string().optional(),
  table: z
    .strictObject({
      title: cell.optional(),
      columns: Columns.min(1).max(LIMITS.webhookColumns),
      rows: z.array(z.array(cell)).max(LIMITS.webhookRows),
    })
    .optional(),
  picture: z
    .strictObject({ data: z.string().describe('data:image/png;base64,…'), alt: line(LIMITS.webhookCell) })
    .optional(),
  blocks: Parts.optional().describe('Slack’s'),
  attachments: Parts.optional().describe('Slack’s'),
  ...ignored,
});

function shape(webhook: IncomingWebhook): z.infer<typeof Webhook> {
  const { id: hook, room, roomName, name, madeBy, madeAt, lastUsedAt } = webhook;
  const times = { madeAt: toRfc3339(madeAt), lastUsedAt: lastUsedAt === null ? null : toRfc3339(lastUsedAt) };
  return { id: hook, room, roomName, name, madeBy, ...times };
}

function shapeMade({ webhook, secret }: MadeWebhook, address: string): z.infer<typeof Made> {
  return { webhook: shape(webhook), url: `${address}/v1/hooks/${webhook.id}/${secret}` };
}
