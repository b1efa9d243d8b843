import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { network } from '#auth/login-throttle.ts';
import { AppError } from '#core/errors.ts';
import type { RateStore } from '#core/rate.ts';
import { nameOf } from '#core/unable.ts';
import { WRONG_PROOFS, type SeenLink, type Verification } from '#core/verification.ts';
import type { App } from '#http/app.ts';
import { readAsStranger } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { sendLinkPage, type LinkPage } from '#http/verify-page.ts';

/**
 * The two links of a verification mail. Whatever only looks, a mail scanner, a preview, a browser that fetches ahead, changes
 * nothing: the button does. Who tries wrong links waits longer and longer, by the address.
 */
export async function verifyLinkRoutes(app: App, hall: Hall): Promise<void> {
  const { verification } = hall;
  if (!verification) return;
  await app.register(async (own) => {
    // What a browser sends for a form with nothing in it.
    own.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, async () => undefined);
    linkRoutes(own as App, hall, verification);
  });
}

function linkRoutes(app: App, hall: Hall, verification: Verification): void {
  const schema = { hide: true, params: Link };

  app.get('/verify/:session', { schema }, (request, reply) =>
    guarded(hall, { request, reply }, async () => {
      const seen = await verification.look(request.params.session);
      return seen && confirmPage(seen, request.params.session);
    }),
  );

  app.post('/verify/:session', { schema }, (request, reply) =>
    guarded(hall, { request, reply }, async () => {
      const proved = await verification.confirm(request.params.session);
      return proved && said(verification.wordsFor(proved));
    }),
  );

  app.get('/verify/:session/deny', { schema }, (request, reply) =>
    guarded(hall, { request, reply }, async () => {
      const seen = await verification.look(request.params.session);
      return seen && denyPage(seen);
    }),
  );

  app.post('/verify/:session/deny', { schema }, (request, reply) =>
    guarded(hall, { request, reply }, async () =>
      (await verification.deny(request.params.session)) ? DENIED : undefined,
    ),
  );
}

const Link = z.object({ session: z.string().max(100) });

/** Failures alone make an address wait. */
const ENDLESS = { uses: Number.MAX_SAFE_INTEGER, perSeconds: 1 };

function keyOf(request: FastifyRequest): string {
  return `verify link ${network(request.ip)}`;
}

interface Call {
  request: FastifyRequest;
  reply: FastifyReply;
}

/** Undefined from `act` is a wrong link, which counts. While an address waits none of its links does anything. */
async function guarded(hall: Hall, { request, reply }: Call, act: () => Promise<LinkPage | undefined>) {
  await readAsStranger(hall, request);
  const wait = await waitOf(hall.rates, keyOf(request));
  if (wait > 0) return sendLinkPage(reply, tooMany(wait));
  const page = await act().catch(pageOf);
  if (page) return sendLinkPage(reply, page);
  await hall.rates.failed(keyOf(request), WRONG_PROOFS);
  return sendLinkPage(reply, INVALID);
}

function waitOf(rates: RateStore, key: string): Promise<number> {
  return rates.wait([{ key, rate: ENDLESS }]);
}

/** A proof that came to nothing says why; what went wrong with us goes on. */
function pageOf(error: unknown): LinkPage {
  if (!(error instanceof AppError) || error.status >= 500) throw error;
  return { status: error.status, title: 'Not linked', words: [error.message] };
}

function confirmPage(seen: SeenLink, session: string): LinkPage {
  return {
    status: 200,
    title: `Is this ${accountOf(seen.platform)} yours?`,
    facts: factsOf(seen),
    words: ['Somebody asked to speak as you. If that is your account, press the button.'],
    button: 'Yes, link it',
    other: { label: 'This was not me', path: `${session}/deny` },
    small: 'Opening this page changed nothing.',
  };
}

function denyPage(seen: SeenLink): LinkPage {
  return {
    status: 200,
    title: 'Was this not you?',
    facts: factsOf(seen),
    words: ['Press the button if that is not your account: nothing is linked, and the moderators are told.'],
    button: 'This was not me',
    small: 'Opening this page changed nothing. Your place on the list stays as it is.',
  };
}

function factsOf({ name, platform, userId, community }: SeenLink): [string, string][] {
  return [
    ['Account', `“${name}” ${isHere(platform) ? 'in the web chat' : `on ${nameOf(platform)}`}`],
    ['Community', community],
    ['On its list', userId],
  ];
}

function accountOf(platform: string): string {
  return isHere(platform) ? 'account' : `${nameOf(platform)} account`;
}

function isHere(platform: string): boolean {
  return platform === 'webchat' || platform === 'http';
}

function said(words: string): LinkPage {
  return { status: 200, title: 'Done', words: [words] };
}

const DENIED: LinkPage = {
  status: 200,
  title: 'Thank you',
  words: ['Nothing was linked, and the moderators were told.'],
};

const INVALID: LinkPage = {
  status: 404,
  title: 'Not linked',
  words: ['Invalid Session. Please request a new link from the bot.'],
};

function tooMany(retryAfter: number): LinkPage {
  const words = [`Too many wrong links came from your network. Try again in ${retryAfter} seconds.`];
  return { status: 429, title: 'Not now', words, retryAfter };
}
