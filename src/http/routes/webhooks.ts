import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '#core/limits.ts';
import type { Webhook } from '#core/platform.ts';
import type { App } from '#http/app.ts';

/** Where platforms post their events. Each proves itself by its own signature over the bytes, so these come as they are. */
export async function webhookRoutes(app: App, webhooks: readonly Webhook[]): Promise<void> {
  if (webhooks.length === 0) return;
  await app.register(async (own) => {
    own.removeAllContentTypeParsers();
    own.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: LIMITS.webhookBody },
      async (_: unknown, body: Buffer) => body,
    );
    for (const webhook of webhooks)
      own.post(webhook.path, { schema: { hide: true }, bodyLimit: LIMITS.webhookBody }, (request, reply) =>
        answer(webhook, request, reply),
      );
  });
}

async function answer(webhook: Webhook, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const answered = await webhook.handle(request.headers, body);
  return reply
    .code(answered.status)
    .type(answered.contentType ?? 'text/plain; charset=utf-8')
    .serializer(String)
    .send(answered.body);
}
