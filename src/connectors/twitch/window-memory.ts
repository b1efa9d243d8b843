import type { ConnectorMemory, PlatformLog } from '#core/platform.ts';
import type { Window } from './pace.ts';

export interface WindowMemoryOptions {
  memory: ConnectorMemory;
  log: PlatformLog;
  now(): number;
  /** By name: what is kept of each is how much was sent in which second. */
  windows: Record<string, Window>;
}

export interface WindowMemory {
  /** Fills the windows with what an earlier process sent. Never rejects: without memory one may be too fast once. */
  recall(): Promise<void>;
  /** Something was added: keeps the counts, one write at a time. */
  note(): void;
}

/** Twitch counts by account and not by process: a restart must not begin with empty windows. */
export function windowMemory({ memory, log, now, windows }: WindowMemoryOptions): WindowMemory {
  let isWriting = false;
  let isNews = false;

  async function write(): Promise<void> {
    isWriting = true;
    while (isNews) {
      isNews = false;
      const kept = Object.entries(windows).map(([name, window]) => [name, window.seconds]);
      await memory.remember(NAME, JSON.stringify(Object.fromEntries(kept)));
    }
  }

  return {
    async recall() {
      try {
        const kept: Record<string, unknown> = JSON.parse((await memory.recall(NAME)) ?? '{}');
        for (const [name, window] of Object.entries(windows)) {
          const noted = kept[name];
          if (Array.isArray(noted)) window.restore(noted, now());
        }
      } catch (error) {
        log.warn({ why: String(error) }, 'twitch: what was sent before is not known');
      }
    },
    note() {
      isNews = true;
      if (isWriting) return;
      write()
        .catch((error: unknown) => log.warn({ why: String(error) }, 'twitch: what was sent could not be noted'))
        .finally(() => (isWriting = false));
    },
  };
}

const NAME = 'twitch.windows';
