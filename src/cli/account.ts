import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { disable } from '#auth/disable.ts';
import { resetPassword, setRole } from '#auth/profile.ts';
import { endFactorOf } from '#auth/second-factor.ts';
import { createAccount, type Doors } from '#auth/sign-up.ts';
import { systemClock } from '#core/clock.ts';
import { ROLES } from '#core/roles.ts';
import type { Storage } from '#storage/storage.ts';
import { WrongUse, type CommandLine } from './command-line.ts';
import { withData } from './open-data.ts';

/** `account create|password|role|second-factor-off|disable NAME`. A running hall sees it at once; ended sessions lose their connections within seconds. */
export async function account({ config, say, words }: CommandLine): Promise<number> {
  const { values, positionals } = parse(words);
  const [act = '', name, ...rest] = positionals;
  const does = Object.hasOwn(ACTS, act) ? ACTS[act] : undefined;
  if (!does || !name) throw new WrongUse(`One of ${Object.keys(ACTS).join(', ')}, then a name.`);
  const asked = { name, rest, owner: values.owner === true, stdin: values['password-stdin'] === true };
  const work = await does(asked);
  say.ok('account', await withData(config, work));
  return 0;
}

interface Asked {
  name: string;
  rest: string[];
  owner: boolean;
  stdin: boolean;
}

/** Reads what an act needs, then gives back the work on the data, which resolves to what to say. */
const ACTS: Record<string, (asked: Asked) => Promise<(storage: Storage) => Promise<string>>> = {
  async create({ name, rest, owner, stdin }) {
    const password = await readPassword(rest, stdin);
    return async (storage) => {
      const made = await createAccount(doors(storage), { username: name, password }, { by: 'operator', owner });
      return `${made.username} made${owner ? ', owner and operator' : ''}`;
    };
  },
  async password({ name, rest, stdin }) {
    const password = await readPassword(rest, stdin);
    return async (storage) => {
      await resetPassword(keeper(storage), name, password);
      return `${name} has a new password; all its sessions ended`;
    };
  },
  async role({ name, rest }) {
    const role = ROLES.find((one) => one === rest[0]);
    if (!role || rest.length !== 1) throw new WrongUse(`The role is one of ${ROLES.join(', ')}.`);
    return async (storage) => {
      await setRole(keeper(storage), name, role);
      return `${name} is ${role} now`;
    };
  },
  async 'second-factor-off'({ name, rest }) {
    if (rest.length > 0) throw new WrongUse('One name at a time.');
    return async (storage) => {
      await endFactorOf(keeper(storage), name);
      return `${name} signs in without a second factor now`;
    };
  },
  async disable({ name, rest }) {
    if (rest.length > 0) throw new WrongUse('One name at a time.');
    return async (storage) => {
      await disable(keeper(storage), name);
      return `${name} can no longer sign in; all its sessions ended`;
    };
  },
};

async function readPassword(rest: string[], stdin: boolean): Promise<string> {
  if (rest.length > 0) throw new WrongUse('A password is never typed on the command line: --password-stdin');
  if (!stdin && process.stdin.isTTY) throw new WrongUse('The password comes from the standard input: --password-stdin');
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

function parse(words: string[]) {
  try {
    const options = { owner: { type: 'boolean' }, 'password-stdin': { type: 'boolean' } } as const;
    return parseArgs({ args: words, allowPositionals: true, options });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

/** Nobody comes in from outside here. */
function doors(storage: Storage): Doors {
  return { ...keeper(storage), signup: 'closed', signups: { take: async () => undefined } };
}

/** A running hall finds out about ended sessions by itself. */
function keeper(storage: Storage) {
  return { storage, clock: systemClock, announce: () => undefined };
}
