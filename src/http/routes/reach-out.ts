import { z } from 'zod';
import { toRfc3339 } from '#core/clock.ts';
import type { SeenReachOut } from '#core/verification-list.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, Nothing } from '#http/shapes.ts';
import { sendLinkPage, type LinkPage } from '#http/verify-page.ts';
import { actorOf } from './verification.ts';

/** Letters to everybody on a list who is not verified. */
export function reachOutRoutes(app: App, hall: Hall, callers: Callers): void {
  const { verification } = hall;
  if (!verification) return;
  const { list } = verification;
  const actor = actorOf(hall, callers);
  const path = '/v1/communities/:id/verification/reach-out';
  const schema = { tags: ['verification'], params: IdParams };

  app.get(path, { schema: { ...schema, response: { 200: Newest } } }, async (request) => {
    const by = await actor(request, request.params.id, 'list.see');
    const newest = await list.reachOut(by);
    return { reachOut: newest && shape(newest) };
  });

  app.post(path, { schema: { ...schema, response: { 201: ReachOut } } }, async (request, reply) => {
    const by = await actor(request, request.params.id, 'verification.people');
    const begun = await list.startReachOut(by);
    hall.mailer.wake();
    return reply.code(201).send(shape(begun));
  });

  app.delete(path, { schema: { ...schema, response: { 204: Nothing } } }, async (request, reply) => {
    const by = await actor(request, request.params.id, 'verification.people');
    await list.stopReachOut(by);
    return reply.code(204).send(null);
  });
}

/** The link that ends such mails: a page with a button, or one click in a mail program, which posts at once: https://www.rfc-editor.org/rfc/rfc8058 */
export async function unsubscribeRoutes(app: App, hall: Hall): Promise<void> {
  const { verification } = hall;
  if (!verification) return;
  const { list } = verification;
  await app.register(async (own) => {
    const form = { parseAs: 'string', bodyLimit: 1_000 } as const;
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data'])
      own.addContentTypeParser(type, form, async () => undefined);
    const doors = own as App;
    const schema = { hide: true, params: Door };

    doors.get('/unsubscribe/:door', { schema }, async (request, reply) => {
      await readAsStranger(hall, request);
      const of = await list.unsubscribing(request.params.door);
      return sendLinkPage(reply, of ? askPage(of.community) : WRONG);
    });

    doors.post('/unsubscribe/:door', { schema }, async (request, reply) => {
      await readAsStranger(hall, request);
      return sendLinkPage(reply, (await list.unsubscribe(request.params.door)) ? DONE : WRONG);
    });
  });
}

function askPage(community: string): LinkPage {
  return {
    status: 200,
    title: 'No more such mails?',
    words: [
      `Press the button, and ${community} writes to you no more by itself.`,
      'Mails that you ask for yourself, such as the one that proves who you are, come as before.',
    ],
    button: 'Send me no more',
  };
}

const DONE: LinkPage = { status: 200, title: 'Done', words: ['You get no more such mails.'] };

const WRONG: LinkPage = {
  status: 404,
  title: 'Not found',
  words: ['This link is good for nothing, or older than half a year. Use the one in a newer mail.'],
};

function shape({ madeAt, ...one }: SeenReachOut) {
  return { ...one, madeAt: toRfc3339(madeAt) };
}

const Door = z.object({ door: z.string().max(100) });
const ReachOut = z.object({
  id: z.string(),
  state: z.enum(['going', 'done', 'stopped']),
  sent: z.number(),
  madeAt: z.string(),
});
const Newest = z.object({ reachOut: ReachOut.nullable() });
