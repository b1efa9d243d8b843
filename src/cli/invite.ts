import { parseArgs } from 'node:util';
import { makeInvite } from '#auth/invites.ts';
import { systemClock } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { baseOf } from '#src/config.ts';
import { WrongUse, type CommandLine } from './command-line.ts';
import { withData } from './open-data.ts';

/** `invite [--uses N] [--days N]`: prints a link that new members open. */
export async function invite({ config, say, words }: CommandLine): Promise<number> {
  const { uses, days } = readWords(words);
  const made = await withData(config, (storage) => makeInvite({ storage, clock: systemClock }, null, { uses, days }));
  process.stdout.write(`${baseOf(config)}/join/${made.code}\n`);
  say.note(
    'invite',
    `${uses === 1 ? '1 person' : `${uses} people`}, until ${new Date(made.expiresAt ?? 0).toUTCString()}`,
  );
  if (config.SIGNUP === 'closed') say.note('invite', 'SIGNUP=closed: nobody can use it until that is changed.');
  return 0;
}

function readWords(words: string[]): { uses: number; days: number } {
  try {
    const { values } = parseArgs({
      args: words,
      options: { uses: { type: 'string', default: '1' }, days: { type: 'string', default: '7' } },
    });
    return { uses: whole('uses', values.uses, LIMITS.inviteUses), days: whole('days', values.days, LIMITS.inviteDays) };
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

function whole(name: string, value: string, most: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= most) return number;
  throw new Error(`--${name} is a whole number from 1 to ${most}.`);
}
