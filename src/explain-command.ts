import { whyBarred } from '#bot/barred.ts';
import { explainRun, type RuleMet } from '#bot/explain-run.ts';
import type { Asking } from '#bot/may-run.ts';
import type { AnyCommand } from '#core/command.ts';
import type { Clock } from '#core/clock.ts';
import { unknown } from '#core/errors.ts';
import { identityOf } from '#core/message.ts';
import { findAccount } from '#storage/accounts.ts';
import { readCommandSetting } from '#storage/command-settings.ts';
import { roleIn } from '#storage/communities.ts';
import { findSpeaker } from '#storage/identities.ts';
import type { Storage } from '#storage/storage.ts';

interface ExplainParts {
  storage: Storage;
  clock: Clock;
  commands: ReadonlyMap<string, AnyCommand>;
}

/** A community's command, and the person: an account, or `platform:id`. */
export interface WhyAsked {
  community: string;
  name: string;
  person: string;
}

/** Why somebody may or may not use a command: the checks that the bot runs, and nothing else. 404 for who is no member. */
export async function explainCommand(parts: ExplainParts, asked: WhyAsked): Promise<RuleMet[]> {
  const { storage, clock, commands } = parts;
  const { community, name, person } = asked;
  const command = commands.get(name);
  if (!command) throw unknown('command');
  const { who, unlinked } = await whoIsMeant(storage, community, person);
  const platform = person.includes(':') ? identityOf(person).platform : 'webchat';
  const heard = { community, who: { ...who, name: '' }, from: { platform, account: person } };
  const [barred, setting] = await Promise.all([
    whyBarred(storage.db, heard as Parameters<typeof whyBarred>[1], clock()),
    readCommandSetting(storage.db, community, name),
  ]);
  return explainRun({ who, command, setting, barred, ...(unlinked && { unlinked }) });
}

/** Whose account is in no way of this community is known by the name there alone. */
async function whoIsMeant(
  { db }: Storage,
  community: string,
  person: string,
): Promise<{ who: Asking; unlinked?: true }> {
  if (!person.includes(':')) {
    const [account, role] = await Promise.all([findAccount(db, { id: person }), roleIn(db, community, person)]);
    if (!account || !role) throw unknown('member');
    return { who: { account: person, role, ...(account.disabled && { disabled: true as const }) } };
  }
  const speaker = await findSpeaker(db, { ...identityOf(person), community });
  if (!speaker?.role) return { who: { account: person, role: undefined }, unlinked: true };
  const { account, role, disabled } = speaker;
  return { who: { account, role, identity: person, ...(disabled && { disabled: true as const }) } };
}
