import type { Gate, GateOverview } from '#contracts/verification.ts';
import type { RoleMappings, Space, SpaceList } from '#contracts/web.ts';
import { call } from './api.ts';

/** A community's verification gate, as its page shows it. */
export class GateDesk {
  gate = $state<Gate | null>(null);
  overview = $state<GateOverview | null>(null);
  /** Its places on platforms, and the roles that they told. */
  spaces = $state.raw<Space[] | null>(null);
  roles = $state.raw<RoleMappings['known']>([]);
  readonly base: string;
  readonly #community: string;

  constructor(community: string) {
    this.#community = `/v1/communities/${community}`;
    this.base = `${this.#community}/verification`;
  }

  async load(): Promise<void> {
    const [gate, overview] = await Promise.all([call<Gate>(this.base), call<GateOverview>(`${this.base}/overview`)]);
    [this.gate, this.overview] = [gate, overview];
  }

  async loadPlaces(): Promise<void> {
    const [{ spaces }, { known }] = await Promise.all([
      call<SpaceList>(`${this.#community}/spaces?limit=200`),
      call<RoleMappings>(`${this.#community}/role-mappings`),
    ]);
    [this.spaces, this.roles] = [spaces, known];
  }

  async change(change: Partial<Omit<Gate, 'version'>>): Promise<void> {
    this.gate = await call<Gate>(this.base, { method: 'PATCH', body: change });
    this.overview = await call<GateOverview>(`${this.base}/overview`);
  }

  async sendTest(): Promise<void> {
    await call(`${this.base}/test-mail`, { method: 'POST' });
    this.overview = await call<GateOverview>(`${this.base}/overview`);
  }
}

/** What somebody changed and did not save. */
export function changesOf(gate: Gate, draft: Gate): Partial<Omit<Gate, 'version'>> {
  const names = ['mode', 'neutral', 'nickname', 'linkMinutes', 'second', 'welcome', 'roles'] as const;
  const changed = names.filter((name) => JSON.stringify(gate[name]) !== JSON.stringify(draft[name]));
  return Object.fromEntries(changed.map((name) => [name, draft[name]]));
}

export type SetupStep = 'list' | 'mail' | 'place' | 'how' | 'on';

/** The steps that the hall saw done. */
export function stepsDone({ gate, overview, spaces }: { gate: Gate; overview: GateOverview; spaces: Space[] | null }) {
  const places = spaces?.filter(({ health }) => health.state !== 'off') ?? null;
  const ready = places?.every((one) => one.health.state === 'live' && (gate.mode === 'delete' || gate.roles[one.id]));
  return {
    list: overview.entries > 0,
    mail: overview.testMail?.state === 'sent',
    place: ready === true,
    how: gate.version > 0,
    on: gate.on,
  } satisfies Record<SetupStep, boolean>;
}
