import { roomPace, SYSTEM_TIMER, type Pace, type Timer } from '#bus/outbound-queue.ts';
import type { Connector, ConnectorPorts, Webhook } from '#core/platform.ts';
import { Pauses } from './back-off.ts';
import { slackEvents } from './events.ts';
import { httpLink, socketLink, type Link } from './link.ts';
import type { Arrival } from './listen.ts';
import { API_URL, PACE, TIMES, type Times } from './slack.external.ts';
import { Standing } from './standing.ts';
import { TEXTS } from './texts.ts';
import { slackWorkspace, type Workspace } from './workspace.ts';
import { slackWorkspaces, type Workspaces } from './workspaces.ts';

export interface SlackOptions {
  /** SLACK_BOT_TOKEN, `xoxb-…`: of the operator's own workspace, where there is one. */
  botToken?: string;
  /** SLACK_APP_TOKEN, `xapp-…`: then Socket Mode is used. */
  appToken?: string;
  /** SLACK_SIGNING_SECRET: then `webhook` answers Slack's requests. */
  signingSecret?: string;
  /** SLACK_API_URL, with a slash at the end. */
  apiUrl?: string;
  /** Every call goes through it. */
  fetch?: typeof globalThis.fetch;
  /** Messages of one channel. */
  pace?: Pace;
  timer?: Timer;
  times?: Partial<Times>;
}

export interface SlackConnector extends Connector {
  /** A payload from any transport, as Bolt's receivers hand it to an App. Never rejects. */
  processEvent(arrival: Arrival): Promise<void>;
}

/** Slack as one more platform: one app, by Socket Mode where there is an app token, else by signed HTTP requests, in many workspaces. */
export function slackConnector(options: SlackOptions, ports: ConnectorPorts): SlackConnector {
  const parts = assemble(options, ports);
  const { workspaces, standing, link, pauses } = parts;
  return {
    platform: 'slack',
    start: () => void run(parts),
    send: (answer, again) => workspaces.send(answer, again),
    health: () => standing.health(workspaces.waiting),
    actions: workspaces.actions,
    processEvent: (arrival) => workspaces.arrived(arrival),
    ...webhookOf(options, parts),
    async stop(graceMs) {
      parts.isStopped = true;
      pauses.end();
      // Acknowledgements go back by the link: it is closed last.
      await workspaces.stop(graceMs);
      link.close();
      standing.stopped();
    },
  };
}

interface Parts {
  ports: ConnectorPorts;
  standing: Standing;
  pauses: Pauses;
  own: Workspace | undefined;
  workspaces: Workspaces;
  link: Link;
  isStopped: boolean;
}

function assemble(options: SlackOptions, ports: ConnectorPorts): Parts {
  const { timer = SYSTEM_TIMER, pace = roomPace(PACE.uses, PACE.ms), botToken: token } = options;
  const { apiUrl = API_URL, fetch = globalThis.fetch } = options;
  const times = { ...TIMES, ...options.times };
  const standing = new Standing(ports.log);
  const pauses = new Pauses(timer);
  const shared = { apiUrl, fetch, pace, timer, times, standing };
  const own = token === undefined ? undefined : slackWorkspace({ ...shared, token, named: 'SLACK_BOT_TOKEN' }, ports);
  const workspaces = slackWorkspaces({ ...shared, own }, ports);
  const isStopped = (): boolean => parts.isStopped;
  const link = linkOf(options, { ports, own, workspaces, ...shared, pauses, isStopped });
  const parts: Parts = { ports, standing, pauses, own, workspaces, link, isStopped: false };
  return parts;
}

interface Linked extends Omit<Parts, 'link' | 'isStopped'> {
  apiUrl: string;
  fetch: typeof globalThis.fetch;
  times: Times;
  isStopped(): boolean;
}

function linkOf({ appToken }: SlackOptions, { ports, own, workspaces, ...shared }: Linked): Link {
  // Without a token of the operator's own each workspace asks for itself.
  if (appToken === undefined) return httpLink({ ...shared, ask: async () => own?.api.call('auth.test', {}) });
  const failed = (error: unknown): void =>
    ports.log.warn({ platform: 'slack', code: (error as Error).name }, TEXTS.log.badFrame);
  const { arrived } = workspaces;
  return socketLink({ ...shared, appToken, clock: ports.clock, arrived, failed });
}

/** Where the operator's own token is refused, the workspaces that were added are served all the same. */
async function run(parts: Parts): Promise<void> {
  const { own, ports, workspaces, link } = parts;
  workspaces.start();
  const bot = await own?.logIn();
  if (parts.isStopped || (own && !bot && !ports.applications)) return;
  if (bot || !own) await rememberTeam(ports, bot?.team ?? '');
  if (!parts.isStopped) await link.run();
}

/** Which workspace is the operator's: nobody adds it as theirs. */
async function rememberTeam({ memory, log }: ConnectorPorts, team: string): Promise<void> {
  await memory
    .remember('slack.team', team)
    .catch((error: unknown) => log.warn({ platform: 'slack', code: (error as Error).name }, TEXTS.log.notRemembered));
}

function webhookOf({ signingSecret }: SlackOptions, { workspaces, standing, ports }: Parts): { webhook?: Webhook } {
  if (signingSecret === undefined) return {};
  const { arrived } = workspaces;
  const heard = (): void => standing.heard(ports.clock());
  return {
    webhook: { path: '/slack/events', handle: slackEvents({ signingSecret, clock: ports.clock, arrived, heard }) },
  };
}
