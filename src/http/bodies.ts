import { AppError } from '#core/errors.ts';
import type { App } from './app.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Bodies are JSON in UTF-8 and nothing else; half a character is refused and not replaced. No body at all is as good as none. */
export function bodies(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
    if (body.length === 0) return undefined;
    try {
      return JSON.parse(utf8.decode(body)) as unknown;
    } catch {
      throw new AppError({ status: 400, code: 'bad-json', detail: 'The body is not JSON in UTF-8.' });
    }
  });
}
