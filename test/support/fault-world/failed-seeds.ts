import type { Fault } from './faults.ts';

/** What once found something wrong in the program: the seed, and what failed. It is played first in the long run. */
export const FAILED_ONCE: { seed: number; faults: Fault[] }[] = [
  // Quotes asked meanwhile were given up, as their time ran while the program's own parts were away.
  { seed: 77, faults: [{ kind: 'kill', target: 'rabbit' }] },
  { seed: 77, faults: [{ kind: 'partition', target: 'postgres' }] },
  // What was asked on a connection was told there behind what was asked later.
  { seed: 20_261_121, faults: [{ kind: 'kill', target: 'rabbit' }] },
  // At the end of an outage a question that had failed was answered behind one that came after it.
  {
    seed: 20_260_101,
    faults: [
      { kind: 'stop', target: 'discord-2' },
      { kind: 'partition', target: 'bot-1' },
    ],
  },
  // An answer came before the hall knew that its question was committed, and was told again when it was looked for.
  { seed: 20_261_122, faults: [{ kind: 'stop', target: 'discord-1' }] },
];
