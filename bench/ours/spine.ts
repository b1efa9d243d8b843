import { answerParent } from '#bench/load/answer-parent.ts';
import { cpuRate, type CpuRate } from '#bench/load/cpu-rate.ts';
import { memoryStorage } from './memory-storage.ts';
import { onceOf } from './once.ts';
import { source } from './source.ts';

/** The spine alone: answer-message with its stores in memory, without a bus, a database or a connector around it. */
answerParent({ echo });

interface Command {
  name: string;
}

interface Source {
  answerMessage(spine: object, message: object): Promise<void>;
  answerKeeper(storage: object, clock: () => number): Keep;
  command(declared: object): Command;
  memoryRates(clock: () => number): unknown;
  withinLimit(all: object, parts: { rates: unknown; clock: () => number; find: () => Promise<undefined> }): unknown;
  word(about: string): unknown;
  say(text: string): unknown;
}

interface Asked {
  commands: number;
  /** With what the program keeps of each use: the answer, the outgoing reply and the audit, stored nowhere. */
  records: boolean;
  warm: number;
  seconds: number;
}

/** Replies per second of processor time of one echo command among `commands`, each with an argument, a role and a limit. */
async function echo({ commands, records, warm, seconds }: Asked): Promise<CpuRate> {
  const ours = await program();
  let said = '';
  const hear = (words: string): void => void (said = words);
  const spine = {
    commands: table(ours, commands),
    settings: async () => undefined,
    within: ours.withinLimit(ENDLESS, {
      rates: ours.memoryRates(Date.now),
      clock: Date.now,
      find: async () => undefined,
    }),
    keep: records ? ours.answerKeeper(await memoryStorage(hear), Date.now) : memoryKeeper(hear),
  };
  let asked = 0;
  const round = async (): Promise<number> => {
    for (let i = 0; i < 100; i++) {
      const word = `hello${++asked}`;
      await ours.answerMessage(spine, message(asked, `/echo ${word}`));
      if (said !== word) throw new Error(`the spine said ${said}`);
    }
    return 100;
  };
  return cpuRate(round, { warm, seconds });
}

/** Answers each request once. */
function memoryKeeper(hear: (words: string) => void): Keep {
  const first = onceOf();
  return async ({ id }, deciding) => {
    const { answer } = await deciding;
    if (!first(id)) return false;
    hear(answer.text);
    return true;
  };
}

type Keep = (message: { id: string }, deciding: Promise<{ answer: { text: string } }>) => Promise<boolean>;

/** A limit that is counted and never reached. */
const ENDLESS = { uses: 1e12, perSeconds: 60 };

async function program(): Promise<Source> {
  const modules = [
    'bot/answer-message.ts',
    'bot/keep-answer.ts',
    'bot/within-limit.ts',
    'core/command.ts',
    'core/arguments.ts',
    'core/message.ts',
    'expiring/memory-rates.ts',
  ];
  return Object.assign({}, ...(await Promise.all(modules.map((path) => source<object>(path))))) as Source;
}

function table(ours: Source, commands: number): Map<string, Command> {
  const echoes = Array.from({ length: commands - 1 }, (_, index) => declare(ours, `other${index}`));
  return new Map([...echoes, declare(ours, 'echo')].map((one) => [one.name, one]));
}

function declare(ours: Source, name: string): Command {
  return ours.command({
    name,
    summary: 'Says the word again',
    args: { text: ours.word('a word') },
    example: `/${name} hello`,
    allow: 'member',
    limit: ENDLESS,
    run: ({ args }: { args: { text: string } }) => ours.say(args.text),
  });
}

function message(number: number, text: string): object {
  return {
    id: `job_${number}`,
    from: { platform: 'webchat', room: 'room_1', account: 'acct_1' },
    community: 'comm_1',
    who: { account: 'acct_1', name: 'Ann', username: 'ann', role: 'member' },
    ask: { text },
    at: Date.now(),
  };
}
