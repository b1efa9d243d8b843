import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import websocket from '@fastify/websocket';
import Fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { LIMITS } from '#core/limits.ts';
import type { LiveEvent } from '#core/live.ts';
import type { App } from './app.ts';
import { bodies } from './bodies.ts';
import { callers as makeCallers } from './callers.ts';
import { cors } from './cors.ts';
import type { Hall } from './hall.ts';
import type { Hub } from './live/hub.ts';
import { liveRoute } from './live/live-route.ts';
import { roomsChanged } from './live/sight.ts';
import { keepHub } from './live/upkeep.ts';
import { openApi } from './openapi.ts';
import { pages } from './pages.ts';
import { problems, refuseBytes, unreadable } from './problems.ts';
import { accountRoutes } from './routes/accounts.ts';
import { auditRoutes } from './routes/audit.ts';
import { commandRoutes } from './routes/commands.ts';
import { communityRoutes } from './routes/communities.ts';
import { featureRoutes } from './routes/features.ts';
import { identityRoutes } from './routes/identities.ts';
import { deviceRoutes } from './routes/device.ts';
import { incomingWebhookRoutes } from './routes/incoming-webhooks.ts';
import { inviteRoutes } from './routes/invites.ts';
import { instanceRoutes } from './routes/instance.ts';
import { memberRoutes } from './routes/members.ts';
import { messageRoutes } from './routes/messages.ts';
import { oidcRoutes } from './routes/oidc.ts';
import { operatorRoutes } from './routes/operator.ts';
import { ownCommunityRoutes } from './routes/own-communities.ts';
import { passwordRoute } from './routes/password.ts';
import { overviewRoutes } from './routes/overview.ts';
import { proofRoutes } from './routes/proofs.ts';
import { lostPasswordRoutes } from './routes/lost-password.ts';
import { moderationRoutes } from './routes/moderation.ts';
import { reportRoutes } from './routes/reports.ts';
import { roomRoutes } from './routes/rooms.ts';
import { searchRoutes } from './routes/search.ts';
import { secretRoutes } from './routes/secrets.ts';
import { applicationRoutes } from './routes/applications.ts';
import { slackWorkspaceRoutes } from './routes/slack-workspaces.ts';
import { spaceRoutes } from './routes/spaces.ts';
import { secondFactorRoutes } from './routes/second-factor.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { yourDataRoutes } from './routes/your-data.ts';
import { shownMailRoute } from './routes/shown-mail.ts';
import { peopleListRoutes } from './routes/people-list.ts';
import { reachOutRoutes, unsubscribeRoutes } from './routes/reach-out.ts';
import { verificationRoutes } from './routes/verification.ts';
import { verifyLinkRoutes } from './routes/verify-link.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { wordRuleRoutes } from './routes/word-rules.ts';

export interface HallServer {
  app: App;
  hub: Hub;
  /** Takes an event from the bus. */
  deliver(event: LiveEvent): void;
}

export interface ServerOptions {
  logger: FastifyBaseLogger;
  /** A certificate and its key, PEM. */
  tls?: { cert: string; key: string };
}

/** The web-facing server: routes, live connections, pages. It does not listen yet. */
export async function hallServer(hall: Hall, options: ServerOptions): Promise<HallServer> {
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LIMITS.httpBody,
    trustProxy: hall.settings.trustedProxies.length > 0 ? hall.settings.trustedProxies : false,
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseBytes,
    requestTimeout: 60_000,
    frameworkErrors: unreadable,
    ...(options.tls && { https: options.tls }),
  } as object).withTypeProvider<ZodTypeProvider>() as unknown as App;
  app.setValidatorCompiler(validatorCompiler);
  // Our own handlers return what the schemas say; they are described for people and not run again on every answer.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  const hub = keepHub(app, hall);
  problems(app);
  bodies(app);
  await app.register(cookie);
  await app.register(helmet, SECURITY_HEADERS);
  await app.register(websocket, {
    options: { maxPayload: LIMITS.liveFrame, perMessageDeflate: false, clientTracking: false },
  });
  cors(app, hall);
  const callers = makeCallers(app, hall);
  await openApi(app, hall);
  accountRoutes(app, hall, callers);
  sessionRoutes(app, hall, callers);
  passwordRoute(app, hall, callers);
  tokenRoutes(app, hall, callers);
  await deviceRoutes(app, hall, callers);
  oidcRoutes(app, hall, callers);
  lostPasswordRoutes(app, hall, callers);
  secondFactorRoutes(app, hall, callers);
  shownMailRoute(app, hall);
  roomRoutes(app, hall, { callers, hub });
  messageRoutes(app, hall, callers);
  searchRoutes(app, hall, callers);
  commandRoutes(app, hall, callers);
  ownCommunityRoutes(app, hall, callers);
  communityRoutes(app, hall, callers);
  featureRoutes(app, hall, callers);
  auditRoutes(app, hall, callers);
  overviewRoutes(app, hall, callers);
  memberRoutes(app, hall, callers);
  spaceRoutes(app, hall, callers);
  applicationRoutes(app, hall, callers);
  slackWorkspaceRoutes(app, hall, callers);
  yourDataRoutes(app, hall, callers);
  secretRoutes(app, hall, callers);
  identityRoutes(app, hall, callers);
  proofRoutes(app, hall, callers);
  inviteRoutes(app, hall, callers);
  moderationRoutes(app, hall, callers);
  wordRuleRoutes(app, hall, callers);
  verificationRoutes(app, hall, callers);
  await peopleListRoutes(app, hall, callers);
  reachOutRoutes(app, hall, callers);
  await unsubscribeRoutes(app, hall);
  await verifyLinkRoutes(app, hall);
  reportRoutes(app, hall, callers);
  await incomingWebhookRoutes(app, hall, callers);
  operatorRoutes(app, hall, { callers, hub });
  instanceRoutes(app, hall, callers);
  await webhookRoutes(app, hall.webhooks);
  liveRoute(app, hall, { callers, hub });
  await pages(app, hall);
  return { app, hub, deliver: (event) => deliver(app, hall, hub, event) };
}

function deliver(app: App, hall: Hall, hub: Hub, event: LiveEvent): void {
  hub.deliver(event);
  if (event.kind === 'members') hub.tellCommunity(event.community, { type: 'members', community: event.community });
  if (event.kind === 'order')
    for (const account of event.accounts) hub.tellAccount(account, { type: 'order', community: event.community });
  if (event.kind === 'rooms')
    roomsChanged(hall, hub, event).catch((error: unknown) => app.log.error({ err: error }, 'rooms not told'));
}

const SECURITY_HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      fontSrc: ["'self'"],
      imgSrc: ["'self'", 'data:', 'blob:'],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false as const,
  referrerPolicy: { policy: 'no-referrer' as const },
};
