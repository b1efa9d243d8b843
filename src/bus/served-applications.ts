import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '#core/errors.ts';
import { every } from '#core/every.ts';
import type {
  Application,
  Applications,
  ApplicationState,
  Connector,
  PlatformActions,
  PlatformLog,
} from '#core/platform.ts';

export interface Serving<C extends Connector> {
  platform: string;
  applications: Applications;
  log: PlatformLog;
  /** What serves it with its token; not started yet. */
  open(token: string, app: Application): C;
  /** How it stands now. */
  stateOf(connector: C): { state: ApplicationState; why: string | undefined };
  /** It was taken away, and is not heard any more. Never rejects. */
  left?(connector: C, app: Application): Promise<void>;
}

/** An application as it is served here. */
interface Served<C> {
  app: Application;
  /** Undefined while its token is not to be had. */
  connector: C | undefined;
  /** When the token is asked for again, ms of `performance.now()`. */
  nextAt: number;
  /** As it was noted last. */
  noted: string;
}

/** ms between two looks at which applications there are: one that is taken away is gone so soon. */
const LOOK_MS = 1_000;

/** ms between two tries to get a token: the vault may be away, or lack a key. */
const AGAIN_MS = 5_000;

/** The applications of communities on one platform, each with a connector of its own beside the operator's. */
export class ServedApplications<C extends Connector> {
  readonly #serving: Serving<C>;
  readonly #served = new Map<string, Served<C>>();
  readonly #stopping = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #end: (() => void) | undefined;
  /** Whether it is known which there are. */
  looked = false;

  constructor(serving: Serving<C>) {
    this.#serving = serving;
  }

  start(): void {
    const { log, platform } = this.#serving;
    const look = (): Promise<void> => (this.#looking = this.#look());
    const failed = (error: unknown): void =>
      log.warn({ platform, code: codeOf(error) }, 'communities’ applications could not be looked up');
    this.#end = every(LOOK_MS, look, failed);
    look().catch(failed);
  }

  all(): C[] {
    return [...this.#served.values()].flatMap(({ connector }) => connector ?? []);
  }

  /** By the platform's own id. `connector`: undefined while its token is not to be had. */
  byPlatformId(platformId: string): Pick<Served<C>, 'app' | 'connector'> | undefined {
    return [...this.#served.values()].find(({ app }) => app.platformId === platformId);
  }

  /** Waits for its token. Undefined where there is no such application; rejects where the process stops. */
  async needed(id: string): Promise<C | undefined> {
    while (!this.looked || (this.#served.has(id) && !this.#served.get(id)?.connector))
      await pause(LOOK_MS, undefined, { signal: this.#stopping.signal });
    return this.#served.get(id)?.connector;
  }

  /** The actions of whoever serves the space: the operator's own where no application does. */
  actionsBeside(own: () => PlatformActions): PlatformActions {
    return actionsBy(async (space) => {
      const id = await this.#serving.applications.servedBy(space);
      const connector = id === undefined ? undefined : this.#served.get(id)?.connector;
      return connector?.actions ?? own();
    });
  }

  async stop(graceMs: number): Promise<void> {
    this.#end?.();
    this.#stopping.abort();
    await this.#looking.catch(() => undefined);
    await Promise.all(this.all().map((connector) => connector.stop(graceMs)));
  }

  async #look(): Promise<void> {
    const apps = new Map((await this.#serving.applications.list()).map((app) => [app.id, app]));
    for (const [id, { app, connector }] of this.#served)
      if (apps.get(id)?.version !== app.version) {
        this.#served.delete(id);
        // It may not be heard for a moment longer.
        await connector?.stop(0);
        const again = [...apps.values()].some(({ platformId }) => platformId === app.platformId);
        if (connector && !again) void this.#serving.left?.(connector, app);
      }
    for (const app of apps.values()) await this.#serve(app);
    this.looked = true;
  }

  async #serve(app: Application): Promise<void> {
    const served = this.#served.get(app.id) ?? { app, connector: undefined, nextAt: 0, noted: '' };
    this.#served.set(app.id, served);
    if (!served.connector && performance.now() >= served.nextAt) await this.#open(served);
    const { connector } = served;
    if (!connector) return;
    const { state, why } = this.#serving.stateOf(connector);
    await this.#note(served, state, why);
  }

  async #open(served: Served<C>): Promise<void> {
    const { applications, open } = this.#serving;
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

  async #note(served: Served<C>, state: ApplicationState, why: string | undefined): Promise<void> {
    const noted = `${state} ${why ?? ''}`;
    if (served.noted === noted) return;
    await this.#serving.applications.noted(served.app.id, state, why);
    served.noted = noted;
  }
}

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
    rolesOf: async (target) => (await (await find(target.space)).rolesOf?.(target)) ?? [],
    slowMode: async (target, seconds) => (await find(target.space)).slowMode(target, seconds),
  };
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : (error as Error).name;
}
