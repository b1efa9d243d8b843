import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '#core/errors.ts';
import { every } from '#core/every.ts';
import type { OutgoingMessage } from '#core/message.ts';
import type {
  Application,
  Applications,
  ApplicationState,
  Connector,
  ConnectorPorts,
  PlatformActions,
  PlatformHealth,
  PlatformLog,
} from '#core/platform.ts';
import { discordConnector, type DiscordOptions } from './index.ts';
import { TEXTS } from './texts.ts';

/** The operator's application, and beside it one connection for each application of a community. */
export function discordApplications(options: DiscordOptions, ports: ConnectorPorts): Connector {
  const own = discordConnector(options, ports);
  const { applications, log } = ports;
  if (!applications) return own;
  const open = (token: string, app: Application): Connector =>
    discordConnector({ ...options, token }, applications.ports(app));
  return new AllApplications({ own, applications, log, open });
}

interface Given {
  own: Connector;
  applications: Applications;
  log: PlatformLog;
  open(token: string, app: Application): Connector;
}

/** An application as it is served here. */
interface Served {
  app: Application;
  /** Undefined while its token is not to be had. */
  connector: Connector | undefined;
  /** When the token is asked for again, ms of `performance.now()`. */
  nextAt: number;
  /** As it was noted last. */
  noted: string;
}

/** ms between two looks at which applications there are: one that is taken away is gone so soon. */
const LOOK_MS = 1_000;

/** ms between two tries to get a token: the vault may be away, or lack a key. */
const AGAIN_MS = 5_000;

class AllApplications implements Connector {
  readonly platform = 'discord';
  readonly actions: PlatformActions;
  readonly #given: Given;
  readonly #served = new Map<string, Served>();
  readonly #stopping = new AbortController();
  #looked = false;
  #looking: Promise<void> = Promise.resolve();
  #end: (() => void) | undefined;

  constructor(given: Given) {
    this.#given = given;
    this.actions = actionsBy((space) => this.#actionsIn(space));
  }

  start(): void {
    this.#given.own.start();
    const look = (): Promise<void> => (this.#looking = this.#look());
    const failed = (error: unknown): void =>
      this.#given.log.warn(
        { platform: 'discord', code: codeOf(error) },
        'communities’ applications could not be looked up',
      );
    this.#end = every(LOOK_MS, look, failed);
    look().catch(failed);
  }

  /** An answer goes out by the application that heard the question. */
  async send(answer: OutgoingMessage, again: boolean): Promise<void> {
    const id = answer.to.via?.['application'];
    if (id === undefined) return this.#given.own.send(answer, again);
    while (!this.#looked || (this.#served.has(id) && !this.#served.get(id)?.connector))
      await pause(LOOK_MS, undefined, { signal: this.#stopping.signal });
    const connector = this.#served.get(id)?.connector;
    if (connector) return connector.send(answer, again);
    this.#given.log.warn(
      { platform: 'discord', application: id },
      'an answer is dropped: its application was taken away',
    );
  }

  /** The operator's own; each application's stands with it. What single guilds miss is told of all. */
  health(): PlatformHealth {
    const places = Object.assign({}, ...this.#all().map((one) => one.health().places)) as Record<string, string>;
    return { ...this.#given.own.health(), ...(Object.keys(places).length > 0 && { places }) };
  }

  commandsChanged(community: string): void {
    for (const connector of this.#all()) connector.commandsChanged?.(community);
  }

  async stop(graceMs: number): Promise<void> {
    this.#end?.();
    this.#stopping.abort();
    await this.#looking.catch(() => undefined);
    await Promise.all(this.#all().map((connector) => connector.stop(graceMs)));
  }

  #all(): Connector[] {
    return [this.#given.own, ...[...this.#served.values()].flatMap(({ connector }) => connector ?? [])];
  }

  async #look(): Promise<void> {
    const apps = new Map((await this.#given.applications.list()).map((app) => [app.id, app]));
    for (const [id, served] of this.#served)
      if (apps.get(id)?.version !== served.app.version) {
        this.#served.delete(id);
        // It may not be heard for a moment longer.
        await served.connector?.stop(0);
      }
    for (const app of apps.values()) await this.#serve(app);
    this.#looked = true;
  }

  async #serve(app: Application): Promise<void> {
    const served = this.#served.get(app.id) ?? { app, connector: undefined, nextAt: 0, noted: '' };
    this.#served.set(app.id, served);
    if (!served.connector && performance.now() >= served.nextAt) await this.#open(served);
    const { connector } = served;
    if (!connector) return;
    const { state, why } = connector.health();
    await this.#note(served, STATES[state] ?? 'waiting', state === 'refused' ? ownWords(why) : why);
  }

  async #open(served: Served): Promise<void> {
    const { applications, open } = this.#given;
    served.nextAt = performance.now() + AGAIN_MS;
    try {
      const token = await applications.token(served.app.id);
      if (this.#stopping.signal.aborted) return;
      served.connector = open(token, served.app);
      served.connector.start();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await this.#note(served, error.status === 409 ? 'refused' : 'waiting', error.message);
    }
  }

  async #note(served: Served, state: ApplicationState, why: string | undefined): Promise<void> {
    const noted = `${state} ${why ?? ''}`;
    if (served.noted === noted) return;
    await this.#given.applications.noted(served.app.id, state, why);
    served.noted = noted;
  }

  async #actionsIn(space: string): Promise<PlatformActions> {
    const id = await this.#given.applications.servedBy(space);
    const connector = id === undefined ? undefined : this.#served.get(id)?.connector;
    return (connector ?? this.#given.own).actions;
  }
}

/** The operator's words name a setting, which is not this one's. */
function ownWords(why: string | undefined): string | undefined {
  const code = /\(code (\d+)\)/.exec(why ?? '')?.[1];
  if (code !== undefined) return TEXTS.badOwnIntents(code);
  return why === TEXTS.badToken ? TEXTS.badOwnToken : why;
}

const STATES: Partial<Record<PlatformHealth['state'], ApplicationState>> = { up: 'live', refused: 'refused' };

/** The actions of whoever serves the space. */
function actionsBy(find: (space: string) => Promise<PlatformActions>): PlatformActions {
  return {
    deleteMessage: async (target) => (await find(target.space)).deleteMessage(target),
    grantRole: async (target, role) => (await find(target.space)).grantRole(target, role),
    removeRole: async (target, role) => (await find(target.space)).removeRole(target, role),
    setNickname: async (target, nickname) => (await find(target.space)).setNickname(target, nickname),
    timeOut: async (target, seconds, reason) => (await find(target.space)).timeOut(target, seconds, reason),
    kick: async (target, reason) => (await find(target.space)).kick(target, reason),
    ban: async (target, reason) => (await find(target.space)).ban(target, reason),
    unban: async (target, reason) => (await find(target.space)).unban(target, reason),
    slowMode: async (target, seconds) => (await find(target.space)).slowMode(target, seconds),
  };
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'failed';
}
