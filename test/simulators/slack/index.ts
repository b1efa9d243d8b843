import { createServer, type Server } from 'node:http';
import { controlRoutes } from '#test/simulators/shared/control.ts';
import { administration, revokes } from './administration.ts';
import { Delivery } from './delivery.ts';
import { FaultBoard } from './faults.ts';
import { Feed } from './feed.ts';
import { Front } from './front.ts';
import { HttpTarget } from './http-target.ts';
import { press, slash } from './interactions.ts';
import { Installs } from './installs.ts';
import { Limits } from './limits.ts';
import { Links } from './links.ts';
import { Messages } from './messages.ts';
import { edits, erases, otherBotSays, shares, writes } from './people.ts';
import { CLIENT, OpenId } from './openid.ts';
import { ResponseUrls } from './response-urls.ts';
import { seenBy } from './seen.ts';
import { texts } from './texts.ts';
import { Uploads } from './uploads.ts';
import { WebApi } from './web-api.ts';
import type { SlackOptions, SlackSimulator } from './wire.ts';
import { APP_ID, SAMPLE, TOKENS, Workspace } from './workspace.ts';

export type { SlackOptions, SlackSimulator } from './wire.ts';

/** Starts the stand-in of Slack on loopback: the Web API, Socket Mode and signed HTTP events, over one workspace. */
export async function startSlack(given: Partial<SlackOptions> = {}): Promise<SlackSimulator> {
  const parts = assemble({ ...DEFAULTS, ...given });
  await listen(parts);
  const simulator = simulatorOf(parts);
  parts.server.on('request', (request, response) => {
    const answered = controlRoutes(simulator, request, response);
    answered.then((own) => (own ? undefined : parts.front.serve(request, response))).catch(() => response.destroy());
  });
  if (given.http) void simulator.deliverTo(given.http.url).catch(() => undefined);
  return simulator;
}

const DEFAULTS: SlackOptions = {
  port: 0,
  team: SAMPLE,
  installed: true,
  orgWide: false,
  rooms: [],
  people: [],
  commands: ['/guildhall', '/stock'],
  scopes: [
    'app_mentions:read',
    'channels:history',
    'channels:read',
    'chat:write',
    'commands',
    'files:write',
    'groups:history',
    'im:history',
    'mpim:history',
    'im:read',
    'im:write',
    'reactions:write',
    'team:read',
    'users:read',
  ],
  anyToken: false,
  acknowledgeMs: 3_000,
  retryAfterMs: [0, 1_000, 10_000],
  pingMs: 5_000,
  goodbyeMs: 1_000,
  postLimit: { burst: 5, perSecond: 1 },
  callsPerMinute: 1_200,
  responseUrlMs: 30 * 60_000,
  challengeMs: 20_000,
};

type Parts = ReturnType<typeof assemble>;

function assemble(options: SlackOptions) {
  const workspace = new Workspace(options);
  const links = new Links(options, workspace.violations);
  const state: { http?: HttpTarget } = {};
  const faults = new FaultBoard({
    cut: () => (state.http ?? links).cut(),
    askToReconnect: (reason) => links.askToReconnect(reason),
    silent: (on) => links.silent(on),
  });
  const delivery = new Delivery(links, faults, options);
  const feed = new Feed(workspace, delivery);
  const messages = new Messages(workspace, feed);
  const responseUrls = new ResponseUrls(workspace, messages, options);
  const uploads = new Uploads(workspace);
  const limits = new Limits(options, workspace.violations);
  const back = { workspace, messages, uploads, base: '', linkUrl: (): string | undefined => undefined };
  const api = new WebApi(back, limits, options);
  const front = new Front({
    api,
    responseUrls,
    uploads,
    faults,
    limits,
    openId: new OpenId(workspace),
    installs: new Installs(workspace, options, () => revokes({ workspace, feed })),
    violations: workspace.violations,
  });
  const server = createServer();
  return { options, workspace, links, state, faults, delivery, feed, messages, responseUrls, back, front, server };
}

function listen({ server, options, links, responseUrls, back }: Parts): Promise<void> {
  server.on('upgrade', (request, socket, head) => links.upgrade(request, socket, head));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => {
      const host = hostOf(server);
      responseUrls.base = back.base = `http://${host}`;
      back.linkUrl = () =>
        links.disabled ? undefined : `ws://${host}/link/?ticket=${links.newTicket()}&app_id=${APP_ID}`;
      resolve();
    });
  });
}

function hostOf(server: Server): string {
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

function simulatorOf(parts: Parts): SlackSimulator {
  const { workspace, delivery, feed, faults, front } = parts;
  return {
    ...settings(parts),
    ...talk(parts),
    ...administration(parts),
    platform: 'slack',
    bot: workspace.bot,
    team: workspace.team,
    token: () => workspace.token,
    carry: (envelope) => delivery.carrier.carry(envelope),
    carriedBy: (other) => void (delivery.carrier = { carry: (envelope) => other.carry(envelope) }),
    get people() {
      const persons = [...workspace.members.values()].filter(({ isBot }) => !isBot);
      return persons.map(({ id, name, role }) => ({ id, name, role }));
    },
    get rooms() {
      return [...workspace.channels.values()].map(({ id, name, kind }) => ({ id, name, kind }));
    },
    seen: (room, person) => seenBy(workspace, room, person),
    again: (id) => feed.again(id),
    connected: () => (parts.state.http ?? parts.links).connected(),
    deliverTo: (url) => deliverTo(parts, url),
    askToReconnect: (reason) => parts.links.askToReconnect(reason),
    enableSocketMode: () => void (parts.links.disabled = false),
    faults,
    lost: delivery.lost,
    calls: front.calls,
    violations: workspace.violations,
    stop: () => stop(parts),
  };
}

function settings({ back, workspace }: Parts): Pick<SlackSimulator, 'page' | 'env' | 'httpEnv'> {
  const client = { SLACK_CLIENT_ID: CLIENT.id, SLACK_CLIENT_SECRET: CLIENT.secret };
  const common = { SLACK_BOT_TOKEN: workspace.token, ...client, SLACK_API_URL: `${back.base}/api/` };
  return {
    page: `${back.base}/`,
    env: { ...common, SLACK_APP_TOKEN: TOKENS.app },
    httpEnv: { ...common, SLACK_SIGNING_SECRET: TOKENS.signing },
  };
}

type Talk = Pick<SlackSimulator, 'say' | 'thread' | 'slash' | 'press' | 'share' | 'edit' | 'erase' | 'botSays'>;

/** What people type and press. Refusals of a promise come as its rejection. */
function talk(parts: Parts): Talk {
  return {
    say: async (person, room, text) => says(parts, { person, room, text }),
    thread: async (person, room, threadTs, text) => writes(parts, { person, room, text, threadTs }),
    slash: async (person, room, command, text) => slash(parts, person, room, { command, text }),
    press: async (person, room, ts, actionId) => press(parts, person, room, { ts, actionId }),
    share: (person, room, file, text = '') => shares(parts, person, room, { file, text }),
    edit: (person, room, ts, text) => edits(parts, person, room, { ts, text }),
    erase: (person, room, ts) => erases(parts, person, room, ts),
    botSays: (room, text) => otherBotSays(parts, room, text),
  };
}

/** As in Slack's client, a line that begins with a slash is a command or nothing. */
function says(parts: Parts, line: { person: string; room: string; text: string }): string {
  if (!line.text.startsWith('/')) return writes(parts, line);
  const [, command = '', text = ''] = /^(\S+)\s*([\s\S]*)$/.exec(line.text) ?? [];
  if (!parts.options.commands.includes(command)) throw new Error(texts.noSuchCommand(command));
  return slash(parts, line.person, line.room, { command, text });
}

async function deliverTo(parts: Parts, url: string): Promise<void> {
  parts.state.http?.stop();
  const target = new HttpTarget(url, TOKENS.signing, parts.options);
  parts.state.http = target;
  parts.delivery.carrier = target;
  await target.verify();
}

async function stop({ delivery, front, links, state, server }: Parts): Promise<void> {
  delivery.stop();
  front.stop();
  state.http?.stop();
  await links.stop();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}
