import { ServedApplications } from '#bus/served-applications.ts';
import type { OutgoingMessage } from '#core/message.ts';
import type {
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
  const { log } = ports;
  const applications = ports.applications?.('discord');
  if (!applications) return own;
  const served = new ServedApplications<Connector>({
    platform: 'discord',
    applications,
    log,
    open: (token, app) => discordConnector({ ...options, token }, applications.ports(app)),
    stateOf(connector) {
      const { state, why } = connector.health();
      return { state: STATES[state] ?? 'waiting', why: state === 'refused' ? ownWords(why) : why };
    },
  });
  return new AllApplications(own, served, log);
}

class AllApplications implements Connector {
  readonly platform = 'discord';
  readonly actions: PlatformActions;
  readonly #own: Connector;
  readonly #served: ServedApplications<Connector>;
  readonly #log: PlatformLog;

  constructor(own: Connector, served: ServedApplications<Connector>, log: PlatformLog) {
    this.#own = own;
    this.#served = served;
    this.#log = log;
    this.actions = served.actionsBeside(() => own.actions);
  }

  start(): void {
    this.#own.start();
    this.#served.start();
  }

  /** An answer goes out by the application that heard the question. */
  async send(answer: OutgoingMessage, again: boolean): Promise<void> {
    const id = answer.to.via?.['application'];
    if (id === undefined) return this.#own.send(answer, again);
    const connector = await this.#served.needed(id);
    if (connector) return connector.send(answer, again);
    this.#log.warn({ platform: 'discord', application: id }, 'an answer is dropped: its application was taken away');
  }

  /** The operator's own; each application's stands with it. What single guilds miss is told of all. */
  health(): PlatformHealth {
    const all = [this.#own, ...this.#served.all()];
    const places = Object.assign({}, ...all.map((one) => one.health().places)) as Record<string, string>;
    return { ...this.#own.health(), ...(Object.keys(places).length > 0 && { places }) };
  }

  commandsChanged(community: string): void {
    for (const connector of [this.#own, ...this.#served.all()]) connector.commandsChanged?.(community);
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all([this.#own, this.#served].map((one) => one.stop(graceMs)));
  }
}

/** The operator's words name a setting, which is not this one's. */
function ownWords(why: string | undefined): string | undefined {
  const code = /\(code (\d+)\)/.exec(why ?? '')?.[1];
  if (code !== undefined) return TEXTS.badOwnIntents(code);
  return why === TEXTS.badToken ? TEXTS.badOwnToken : why;
}

const STATES: Partial<Record<PlatformHealth['state'], ApplicationState>> = { up: 'live', refused: 'refused' };
