import type { Platform } from './platform.ts';

/** A bot's token begins with its own id in base64; the rest is the same for the sample bot on every start. */
export const sampleToken = (botId: string): string =>
  `${Buffer.from(botId).toString('base64url')}.Sample.of-the-stand-in-for-no-real-bot`;

const FORM = /^[\w-]{10,}\.[\w-]{4,}\.[\w-]{20,}$/;

/** The sample token; where the settings say so, any token of the right form. */
export function isToken({ settings, token }: Platform, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  return given === token || (settings.anyToken && FORM.test(given));
}
