import { parseArgs } from 'node:util';
import { text } from 'node:stream/consumers';
import { disable, resetPassword } from '#auth/profile.ts';
import { createAccount } from '#auth/sign-up.ts';
import { systemClock } from '#core/clock.ts';
import type { Storage } from '#storage/storage.ts';
import { WrongUse, type CommandLine } from './command-line.ts';
import { withData } from './open-data.ts';

/** `account create|password|disable NAME`. A running hall sees it at once; ended sessions lose their connections within seconds. */
export async function account({ config, say, words }: CommandLine): Promise<number> {
  const { act, name, owner, password } = await readWords(words);
  await withData(config, async (storage) => {
    if (act === 'create') {
      const made = await createAccount({ storage, clock: systemClock }, { username: name, password, owner });
      say.ok('account', `${made.username} made${owner ? ', owner and operator' : ''}`);
    } else if (act === 'password') {
      await resetPassword(keeper(storage), name, password);
      say.ok('account', `${name} has a new password; all its sessions ended`);
    } else {
      await disable(keeper(storage), name);
      say.ok('account', `${name} can no longer sign in; all its sessions ended`);
    }
  });
  return 0;
}

async function readWords(words: string[]) {
  const { values, positionals } = parse(words);
  const [act, name, ...rest] = positionals;
  if (!act || !['create', 'password', 'disable'].includes(act) || !name || rest.length > 0)
    throw new WrongUse('One of create, password and disable, then a name.');
  if (act === 'disable') return { act, name, owner: false, password: '' };
  if (!values['password-stdin'] && process.stdin.isTTY)
    throw new WrongUse('The password comes from the standard input: --password-stdin');
  return { act, name, owner: values.owner === true, password: (await text(process.stdin)).replace(/\r?\n$/, '') };
}

function parse(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: { owner: { type: 'boolean' }, 'password-stdin': { type: 'boolean' } },
    });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

/** A running hall finds out about ended sessions by itself. */
function keeper(storage: Storage) {
  return { storage, clock: systemClock, announce: () => undefined };
}
