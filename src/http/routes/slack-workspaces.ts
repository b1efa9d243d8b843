import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Session } from '#auth/sessions.ts';
import { enterCommunity } from '#chat/chat.ts';
import { AppError, unknown } from '#core/errors.ts';
import { needUse } from '#core/rate.ts';
import type { App } from '#http/app.ts';
import { attemptOf, clearAttempt, setAttempt } from '#http/attempt-cookie.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { publicUrlOf } from '#http/public-url.ts';
import { IdParams, Nothing } from '#http/shapes.ts';

/** "Add to Slack": a community's admin is sent to Slack, and comes back with a workspace. */
export function slackWorkspaceRoutes(app: App, hall: Hall, callers: Callers): void {
  const { settings, spaces } = hall;

  app.post(
    '/v1/communities/:id/slack-workspaces',
    { schema: { tags, params: IdParams, response: { 201: Begun } } },
    async (request, reply) => {
      const { id: community } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, community, 'space.change');
      await needUse(hall.rates, `post ${session.account}`, settings.limits.post);
      const by = { account: session.account, session: session.id };
      const { address, sealed } = await spaces.slack.begin({ community, by, redirect: redirectOf(request, settings) });
      setAttempt(reply, sealed, settings);
      return reply.code(201).header('cache-control', 'no-store').send({ address });
    },
  );

  app.get(
    '/v1/slack/callback',
    { schema: { tags, querystring: Back, response: { 303: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      if (!spaces.slack.isSetUp) throw unknown('platform');
      clearAttempt(reply, settings);
      reply.header('cache-control', 'no-store');
      const told = await end(request, hall, session).then(
        () => 'added=slack',
        (error: unknown) => `problem=${codeOf(error, request)}`,
      );
      const community = spaces.slack.begunFor(request.query.state);
      return reply.redirect(`${community === undefined ? '/me' : `/c/${community}/spaces`}?${told}`, 303);
    },
  );
}

const tags = ['spaces'];
const part = z.string().max(2_000).optional();
const Back = z.looseObject({ code: part, state: part, error: part });
const Begun = z.object({ address: z.string().describe('Slack’s page, where a workspace is chosen') });

type Request = FastifyRequest<{ Querystring: z.infer<typeof Back> }>;

/** Whoever began it may be no admin any more. */
async function end(request: Request, { spaces, settings, ...hall }: Hall, session: Session): Promise<void> {
  const { query } = request;
  const by = { account: session.account, session: session.id };
  const came = { sealed: attemptOf(request, settings), state: query.state, by };
  const { community } = await spaces.slack.back(came);
  await enterCommunity(hall.chat, session, community, 'space.change');
  await spaces.slack.add({ community, by: by.account, query, redirect: redirectOf(request, settings) });
}

/** The address that is registered at Slack. */
function redirectOf(request: FastifyRequest, settings: Hall['settings']): string {
  return `${publicUrlOf(request, settings)}/v1/slack/callback`;
}

function codeOf(error: unknown, request: FastifyRequest): string {
  if (!(error instanceof AppError)) throw error;
  const { code, cause } = error;
  if (cause instanceof Error) request.log.warn({ code, why: cause.message }, 'a workspace was not added');
  return code;
}
