import { every } from '#core/every.ts';
import { LIMITS } from '#core/limits.ts';
import { forgetProcess, listProcesses, seeProcess, type PartHealth, type SeenProcess } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';

export interface HeartbeatParts {
  storage: Storage;
  process: { id: string; role: string; version: string };
  /** How the parts of this process are now. */
  health(): PartHealth[];
  /** Told after each look who is there, this process included. */
  onSeen?(all: readonly SeenProcess[]): void;
  onError?(error: unknown): void;
}

export interface Heartbeat {
  /** Who was there at the last look. */
  seen(): readonly SeenProcess[];
  /** Says goodbye. */
  stop(): Promise<void>;
}

/** Says every two seconds that this process is there and how it is, and looks who else is. */
export async function startHeartbeat(parts: HeartbeatParts): Promise<Heartbeat> {
  const { storage, process, health, onSeen, onError = () => undefined } = parts;
  let all: SeenProcess[] = [];
  const beat = async (): Promise<void> => {
    await seeProcess(storage, { ...process, health: health() });
    all = await listProcesses(storage, LIMITS.heartbeatGone);
    onSeen?.(all);
  };
  await beat().catch(onError);
  const stop = every(LIMITS.heartbeatEvery, beat, onError);
  return {
    seen: () => all,
    async stop() {
      stop();
      await forgetProcess(storage, process.id).catch(onError);
    },
  };
}
