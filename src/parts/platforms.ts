import { outgoingTo, type Subscription } from '#bus/bus.ts';
import { LIMITS } from '#core/limits.ts';
import type { OutgoingMessage } from '#core/message.ts';
import type { Connector, ConnectorPorts, PlatformHealth, Webhook } from '#core/platform.ts';
import type { PartHealth } from '#storage/processes.ts';
import { connectorPorts } from '#src/connector-ports.ts';
import { platforms, watchPlatforms, type Platform } from '#src/platforms.ts';
import { isAct, performAct } from './platform-act.ts';
import type { Part, Site } from './site.ts';

export interface PlatformsPart extends Part {
  /** Those whose connector runs in this process now. */
  connectors(): Connector[];
  /** Where platforms post their events to this process. */
  webhooks: Webhook[];
  /** Begins to receive; after the web server listens, as a platform may call at once. */
  start(): void;
}

/** Discord, Slack and Twitch, those that have their settings; each takes its own answers from the bus. */
export async function platformsPart(site: Site, onChange?: (health: PlatformHealth) => void): Promise<PlatformsPart> {
  const { role, config, leases } = site;
  const ports = connectorPorts(site);
  const wanted = platforms(config).filter(({ name, open }) => open && (role === 'all' || role === name));
  const lanes = wanted.map((platform) => new Lane(site, platform, ports));
  const alone = lanes.filter((lane) => !leases || lane.anywhere);
  await Promise.all(alone.map((lane) => lane.open()));
  const running = (): Connector[] => lanes.flatMap(({ connector }) => connector ?? []);
  const watch = watchPlatforms(running, (health) => onChange?.(health));
  return {
    connectors: running,
    webhooks: running().flatMap(({ webhook }) => webhook ?? []),
    start() {
      for (const lane of lanes) lane.start(alone.includes(lane));
    },
    health: () => lanes.map((lane) => lane.health()),
    async stop(graceMs) {
      watch.stop();
      await Promise.all(lanes.map((lane) => lane.stop(graceMs)));
    },
  };
}

/** ms that a connector may take for what it has in hand, where it must make way for another process's. */
const MAKE_WAY_MS = 3_000;

/** One platform in this process: its connector runs always, or while this process holds the lease. */
class Lane {
  readonly #site: Site;
  readonly #platform: Platform;
  readonly #ports: ConnectorPorts;
  #taken: Subscription | undefined;
  #makeWayMs = MAKE_WAY_MS;
  connector: Connector | undefined;

  constructor(site: Site, platform: Platform, ports: ConnectorPorts) {
    this.#site = site;
    this.#platform = platform;
    this.#ports = ports;
  }

  get #lease(): string {
    return `connector.${this.#platform.name}`;
  }

  /** Whether it may run in several processes at once: the platform calls us, and there is no connection to share. */
  get anywhere(): boolean {
    return this.#platform.anywhere ?? false;
  }

  async open(): Promise<void> {
    const { bus } = this.#site;
    const connector = await this.#platform.open?.(this.#ports);
    if (!connector) return;
    this.connector = connector;
    this.#taken = bus.subscribe(
      outgoingTo(connector.platform),
      (body, { again }) =>
        isAct(body) ? performAct(this.#site, connector, body) : connector.send(body as OutgoingMessage, again),
      LIMITS.outboundHeld,
    );
  }

  start(always: boolean): void {
    if (always) return this.connector?.start();
    this.#site.leases?.want(this.#lease, {
      begin: async () => {
        await this.open();
        this.connector?.start();
      },
      end: () => this.close(this.#makeWayMs),
    });
  }

  /** Where the lease brings it to another process, that one need not wait for the rest of this one. */
  async stop(graceMs: number): Promise<void> {
    this.#makeWayMs = graceMs;
    await this.#site.leases?.drop(this.#lease);
    await this.close(graceMs);
  }

  async close(graceMs: number): Promise<void> {
    const { connector } = this;
    this.connector = undefined;
    // The connector gives back what it cannot send in time; then the bus has nothing in hand.
    await Promise.all([connector?.stop(graceMs), this.#taken?.stop(graceMs)]);
    this.#taken = undefined;
  }

  health(): PartHealth {
    const { name } = this.#platform;
    if (!this.connector) return { name, state: 'standby' };
    const { state, why, heardAt, places } = this.connector.health();
    const more = { ...(why !== undefined && { why }), ...(heardAt !== undefined && { heardAt }) };
    return { name, state, ...more, ...(places && { places }) };
  }
}
