import { applicationFlags } from './intents.ts';
import { bits } from './permissions.ts';
import type { Platform } from './platform.ts';
import { problems } from './problems.ts';
import type { Reply, Route } from './routes.ts';
import { applicationWire, channelWire, userWire } from './wire.ts';

/** The gateway's address, the bot itself, its application, people, and direct channels. */
export const selfRoutes: Route[] = [
  { method: 'GET', path: '/gateway', open: true, answer: ({ platform }) => ok({ url: gatewayOf(platform) }) },
  { method: 'GET', path: '/gateway/bot', answer: ({ platform }) => ok(gatewayForBot(platform)) },
  { method: 'GET', path: '/users/@me', answer: ({ platform }) => ok(me(platform)) },
  { method: 'GET', path: '/users/@me/guilds', answer: ({ platform }) => ok(guilds(platform)) },
  {
    method: 'POST',
    path: '/users/@me/channels',
    answer: ({ platform, body }) => ok(direct(platform, Object(body).recipient_id)),
  },
  { method: 'GET', path: '/users/:user', answer: ({ platform, params }) => ok(userWire(user(platform, params.user))) },
  { method: 'GET', path: '/applications/@me', answer: ({ platform }) => ok(application(platform)) },
  { method: 'GET', path: '/oauth2/applications/@me', answer: ({ platform }) => ok(application(platform)) },
];

const ok = (body: unknown): Reply => ({ status: 200, body });

const gatewayOf = ({ base }: Platform): string => `${base.replace('http', 'ws')}/gateway`;

function gatewayForBot(platform: Platform): unknown {
  const used = platform.sessions.opened();
  const limit = { total: 1_000, remaining: Math.max(0, 1_000 - used), reset_after: 86_400_000, max_concurrency: 1 };
  return { url: gatewayOf(platform), shards: 1, session_start_limit: limit };
}

const me = ({ world }: Platform): unknown => ({
  ...userWire(world.bot),
  verified: true,
  mfa_enabled: true,
  email: null,
  flags: 0,
});

function guilds({ world }: Platform): unknown {
  const mine = [...world.guilds.values()].filter((one) => one.members.has(world.bot.id));
  return mine.map(({ id, name }) => ({
    id,
    name,
    icon: null,
    banner: null,
    owner: false,
    permissions: String(bits('VIEW_CHANNEL')),
    features: [],
  }));
}

const application = ({ world, settings }: Platform): unknown =>
  applicationWire(world, applicationFlags(settings.privileged));

function user({ world }: Platform, id: string | undefined) {
  const found = [world.bot, ...world.people].find((one) => one.id === id);
  if (!found) throw problems.unknownUser();
  return found;
}

/** Discord opens a direct channel with anybody; only a message to someone who takes none is refused. */
function direct({ world }: Platform, id: unknown): unknown {
  const channel = typeof id === 'string' ? world.directs.get(id) : undefined;
  if (!channel) throw problems.badRecipient();
  return channelWire(channel);
}
