import { z } from 'zod';
import { unknown } from '#core/errors.ts';
import type { App } from '#http/app.ts';
import type { Hall } from '#http/hall.ts';

/** In the demo alone: the mails that would have gone out, for a page of their own. */
export function shownMailRoute(app: App, { settings, mailer }: Hall): void {
  if (!settings.demo) return;
  app.get('/v1/demo/mail', { schema: { hide: true, response: { 200: z.object({ mails: z.array(Shown) }) } } }, () => {
    if (!mailer.sent) throw unknown('address');
    return { mails: mailer.sent().map(({ to, subject, text }) => ({ to, subject, text })) };
  });
}

const Shown = z.object({ to: z.string(), subject: z.string(), text: z.string() });
