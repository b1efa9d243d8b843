import { ServedApplications } from '#bus/served-applications.ts';
import type { OutgoingMessage } from '#core/message.ts';
import type { Applications, ApplicationState, ConnectorPorts, PlatformActions } from '#core/platform.ts';
import { slackActions } from './actions.ts';
import { notTaken, quiet, type Arrival } from './listen.ts';
import type { SlackBody } from './slack.external.ts';
import { Standing } from './standing.ts';
import { TEXTS } from './texts.ts';
import { isRevoked, slackWorkspace, type Workspace, type WorkspaceOptions } from './workspace.ts';

export interface WorkspacesOptions extends Omit<WorkspaceOptions, 'token' | 'named'> {
  /** The operator's own, where there is one. */
  own: Workspace | undefined;
}

/** The workspaces that have the operator's app: the operator's own, and those that communities added. */
export interface Workspaces {
  /** Begins to serve what was added. */
  start(): void;
  /** Hands a payload to the workspace that it is of. Never rejects. */
  arrived(arrival: Arrival): Promise<void>;
  /** An answer goes out by the workspace that heard the question. */
  send(answer: OutgoingMessage, again: boolean): Promise<void>;
  readonly actions: PlatformActions;
  /** Answers that wait. */
  readonly waiting: number;
  stop(graceMs: number): Promise<void>;
}

/** `standing`: of the link that brings the events of all, and of the operator's own token. */
export function slackWorkspaces(options: WorkspacesOptions, ports: ConnectorPorts): Workspaces {
  const { own } = options;
  const applications = ports.applications?.('slack');
  const added = applications && addedOnes(options, ports, applications);
  const actions = own?.actions ?? slackActions(undefined);
  return {
    start: () => added?.start(),
    arrived: (arrival) => arrive({ own, added, applications, ports }, arrival),
    async send(answer, again) {
      const id = answer.to.via?.['application'];
      const workspace = id === undefined ? own : await added?.needed(id);
      if (workspace) return workspace.send(answer, again);
      ports.log.warn({ platform: 'slack', application: id }, TEXTS.log.takenAway);
    },
    actions: added?.actionsBeside(() => actions) ?? actions,
    get waiting() {
      return [...(own ? [own] : []), ...(added?.all() ?? [])].reduce((sum, one) => sum + one.health().waiting, 0);
    },
    stop: async (graceMs) => {
      await Promise.all([own?.stop(graceMs), added?.stop(graceMs)]);
    },
  };
}

type Added = ServedApplications<Workspace>;

function addedOnes(options: WorkspacesOptions, ports: ConnectorPorts, applications: Applications): Added {
  const { own: _, standing: link, ...shared } = options;
  const { log } = ports;
  return new ServedApplications<Workspace>({
    platform: 'slack',
    applications,
    log,
    open(token, app) {
      const standing = new Standing(log, link.counts);
      return slackWorkspace({ ...shared, standing, token, named: 'added' }, applications.ports(app));
    },
    stateOf: (workspace) => stateOf(workspace, link),
    // Slack would go on sending what is said there. Where it cannot be reached the token is forgotten all the same.
    left: ({ api }) => api.call('auth.revoke', {}).then(nothing, nothing),
  });
}

/** A token that works is of no use while nothing brings events. */
function stateOf(workspace: Workspace, link: Standing): { state: ApplicationState; why: string | undefined } {
  const { state, why } = workspace.health();
  if (state === 'refused') return { state, why };
  const { state: linked, why: notLinked } = link.link();
  if (linked !== 'up') return { state: 'waiting', why: notLinked };
  return state === 'up' ? { state: 'live', why } : { state: 'waiting', why };
}

interface Known {
  own: Workspace | undefined;
  added: Added | undefined;
  applications: Applications | undefined;
  ports: ConnectorPorts;
}

async function arrive(known: Known, arrival: Arrival): Promise<void> {
  const { own, added } = known;
  const { body, ack } = arrival;
  const team = teamOf(body);
  const isOwn = own && (!added || team === undefined || team === own.bot?.team);
  if (isOwn) return own.arrived(arrival);
  const found = team === undefined ? undefined : added?.byPlatformId(team);
  // Whose it is may not be known yet: Slack sends it again.
  const isEarly = found ? !found.connector?.bot : added?.looked !== true || (own && !own.bot);
  if (isEarly) return notTaken(body, ack);
  if (!found?.connector) return quiet(ack(body.command === undefined ? undefined : STRANGE));
  if (isEnd(body)) return end(known, found, arrival);
  return found.connector.arrived(arrival);
}

/** Taken away here, and the app is still there. */
const STRANGE = { response_type: 'ephemeral', text: TEXTS.strange } as const;

/**
 * The workspace of a payload. In a channel that two workspaces share the event may have happened in the other one: the
 * authorization is the app's own. https://docs.slack.dev/apis/events-api/#authorizations
 */
function teamOf({ authorizations, team_id: team }: SlackBody): string | undefined {
  return authorizations?.[0]?.team_id ?? team;
}

/** https://docs.slack.dev/reference/events/tokens_revoked · https://docs.slack.dev/reference/events/app_uninstalled */
function isEnd({ event }: SlackBody): boolean {
  return event?.type === 'app_uninstalled' || (event?.type === 'tokens_revoked' && event.tokens?.bot?.length !== 0);
}

/** Such an event may come late, after the app was added again: Slack is asked. Not acknowledged where it does not answer. */
async function end(
  { applications, ports }: Known,
  { app, connector }: { app: { id: string }; connector: Workspace | undefined },
  { ack }: Arrival,
): Promise<void> {
  try {
    if (connector && (await isRevoked(connector))) await applications?.ended(app.id);
  } catch (error) {
    return ports.log.warn({ platform: 'slack', code: (error as Error).name }, TEXTS.log.notStored);
  }
  await quiet(ack());
}

const nothing = (): void => undefined;
