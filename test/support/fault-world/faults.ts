import { setTimeout as pause } from 'node:timers/promises';
import { OUTSIDE } from '#test/support/namespaces.ts';
import type { Engine, EngineName } from './engines.ts';
import type { World } from './world.ts';

export const KINDS = ['kill', 'stop', 'restart', 'partition'] as const;

/** SIGKILL and a new start; SIGSTOP for a while; a new start as an operator makes it; the line is cut for a while. */
export type Kind = (typeof KINDS)[number];

export interface Fault {
  kind: Kind;
  /** A process such as `hall-1`, an engine, or `relay`: whichever process relays the outbox then. */
  target: string;
}

/** ms that it lasts: until what was killed is started again, what stands still goes on, what is cut is joined. */
export async function strike(world: World, { kind, target }: Fault, ms: number): Promise<void> {
  const struck = target === RELAY ? await world.relaying() : target;
  const { began, ended } = isEngine(struck) ? onEngine(world, struck, kind) : onMember(world, struck, kind);
  await began();
  await pause(kind === 'restart' ? 0 : ms);
  await ended();
}

export const RELAY = 'relay';

export const ENGINES: EngineName[] = ['postgres', 'rabbit', 'redis'];

export const isEngine = (target: string): target is EngineName => (ENGINES as string[]).includes(target);

export const inWords = (faults: Fault[]): string => faults.map(({ kind, target }) => `${kind} ${target}`).join(' + ');

interface Acts {
  began(): Promise<void> | void;
  ended(): Promise<void> | void;
}

function onMember(world: World, target: string, kind: Kind): Acts {
  const member = world.member(target);
  const acts: Record<Kind, Acts> = {
    kill: { began: async () => void (await member.end('SIGKILL')), ended: () => member.start() },
    restart: { began: async () => void (await member.end('SIGTERM')), ended: () => member.start() },
    stop: { began: () => member.signal('SIGSTOP'), ended: () => member.signal('SIGCONT') },
    partition: { began: () => member.place?.cut(), ended: () => member.place?.heal() },
  };
  return acts[kind];
}

/** An engine is cut off by cutting each process's way to it. */
function onEngine(world: World, target: EngineName, kind: Kind): Acts {
  const engine: Engine = world.engines.named[target];
  const places = [...world.members.values()].flatMap(({ place }) => place ?? []);
  const acts: Record<Kind, Acts> = {
    kill: { began: () => engine.kill(), ended: () => engine.startAgain() },
    restart: { began: () => engine.kill(), ended: () => engine.startAgain() },
    stop: { began: () => engine.freeze(), ended: () => engine.thaw() },
    partition: {
      began: () => places.forEach((place) => place.cut([OUTSIDE[target]])),
      ended: () => places.forEach((place) => place.heal([OUTSIDE[target]])),
    },
  };
  return acts[kind];
}
