import { TryLater, type OutboundQueue } from '#bus/outbound-queue.ts';
import { toRfc3339 } from '#core/clock.ts';
import { every } from '#core/every.ts';
import type { ConnectorPorts } from '#core/platform.ts';
import { backoff, type Backoff } from './backoff.ts';
import type { Calls } from './calls.ts';
import { LIMIT, NO_ENTRY } from './discord.external.ts';
import { faultOf } from './faults.ts';
import type { Guild, Guilds } from './guilds.ts';
import type { Health } from './health.ts';
import { PERMISSION_WORDS, TEXTS } from './texts.ts';

export interface LockDownOptions {
  ports: Pick<ConnectorPorts, 'space' | 'lockDown' | 'memory' | 'clock' | 'log'>;
  calls: Calls;
  guilds: Guilds;
  /** Where guilds wait for their turn. */
  queue: OutboundQueue;
  health: Health;
  backoff: Backoff;
}

/** ms between two looks: Discord pauses invites for a day at most, so a pause is renewed before. */
const LOOK_MS = 6 * 3_600_000;

/**
 * Pauses a guild's invites while its community is locked down. What somebody else paused is theirs: what we set last is
 * remembered before it is sent, and only that is ended, also by the next process.
 */
export class LockDowns {
  readonly #options: LockDownOptions;
  #end: (() => void) | undefined;

  constructor(options: LockDownOptions) {
    this.#options = options;
  }

  start(): void {
    const all = async (): Promise<void> => this.#options.guilds.all().forEach((guild) => this.keep(guild));
    this.#end = every(LOOK_MS, all, () => undefined);
  }

  stop(): void {
    this.#end?.();
  }

  /** Makes the guild what its community's lock-down wants now, in the guild's turn. */
  keep(guild: Guild): void {
    let tries = 0;
    this.#options.queue.send(`door ${guild.id}`, [() => this.#step(guild, tries++)]).catch(() => undefined);
  }

  async #step(guild: Guild, tries: number): Promise<void> {
    const { health, backoff: pauses } = this.#options;
    try {
      await this.#tell(guild);
      health.place(guild.id, 'door', undefined);
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === 'later') throw new TryLater(Math.max(fault.ms ?? 0, backoff(pauses, tries)));
      const right = PERMISSION_WORDS.wordList;
      const why = NO_ENTRY.has(fault.code) ? TEXTS.door.mayNot(right) : TEXTS.door.wrong(fault.words);
      health.place(guild.id, 'door', why);
    }
  }

  async #tell(guild: Guild): Promise<void> {
    const { ports, calls } = this.#options;
    if (!ports.lockDown) return;
    const place = { platform: 'discord', platformId: guild.id };
    const { community } = await ports.space({ ...place, name: guild.name });
    const wanted = untilWhen(await ports.lockDown({ ...place, community }), ports.clock());
    const ours = (await ports.memory.recall(factOf(guild))) ?? '';
    if (wanted === undefined && ours === '') return;
    const { incidents_data: incidents } = await calls.guild(guild.id);
    const there = incidents?.invites_disabled_until ?? null;
    const isPaused = there !== null && Date.parse(there) > ports.clock();
    if (isPaused && Date.parse(there) !== Date.parse(ours)) return;
    if (wanted === undefined) {
      if (isPaused) await calls.pauseInvites(guild.id, null);
      return ports.memory.remember(factOf(guild), '');
    }
    if (isPaused && Date.parse(there) === Date.parse(wanted)) return;
    await ports.memory.remember(factOf(guild), wanted);
    await calls.pauseInvites(guild.id, wanted);
  }
}

/** RFC 3339 in whole seconds, a day from now at most. */
function untilWhen(lockDown: { until: number | null } | undefined, now: number): string | undefined {
  if (!lockDown) return undefined;
  const most = now + LIMIT.pauseSeconds * 1_000;
  return toRfc3339(Math.floor(Math.min(lockDown.until ?? most, most) / 1_000) * 1_000);
}

function factOf({ id }: Guild): string {
  return `discord.paused.${id}`;
}
