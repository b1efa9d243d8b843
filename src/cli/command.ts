import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { CommandChange, type CommandRules } from '#core/command-setting.ts';
import type { Rate } from '#core/limits.ts';
import { ROLES } from '#core/roles.ts';
import { findAccount } from '#storage/accounts.ts';
import type { Storage } from '#storage/storage.ts';
import { WrongUse, type CommandLine } from './command-line.ts';
import { inCommunity } from './community.ts';

/** `command list`, `command set NAME …`: which commands are on in a community, for whom, how often. Prints what holds now. */
export async function command(line: CommandLine): Promise<number> {
  const { values, positionals } = parse(line.words);
  const [act, name, ...rest] = positionals;
  if (act === 'list' && name === undefined) await list(line, values);
  else if (act === 'set' && name !== undefined && rest.length === 0) await set(line, name, values);
  else throw new WrongUse('One of list, and set with the name of one command.');
  return 0;
}

async function list(line: CommandLine, values: Values): Promise<void> {
  if (Object.keys(values).some((option) => option !== 'community')) throw new WrongUse('list takes --community only.');
  await inCommunity(line, values.community, async ({ community, storage, port }) => {
    for (const rules of await port.commands(community)) await print(line, storage, rules);
  });
}

async function set(line: CommandLine, given: string, values: Values): Promise<void> {
  const wanted = readChange(values);
  const name = given.replace(/^\//, '').toLowerCase();
  await inCommunity(line, values.community, async ({ community, storage, port }) => {
    const change = check({ ...wanted, ...(await readAllow(storage, values.allow)) });
    await print(line, storage, await port.changeCommand({ community, by: null, name, change }));
  });
}

function parse(words: string[]) {
  try {
    return parseArgs({ args: words, allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const OPTIONS = {
  on: flag,
  off: flag,
  reset: flag,
  allow: text,
  cooldown: text,
  limit: text,
  symbol: text,
  community: text,
};

type Values = ReturnType<typeof parse>['values'];

/** Everything but `--allow`, whose names have to be looked up. */
function readChange(values: Values): Record<string, unknown> {
  const { on, off, reset, cooldown, limit, symbol } = values;
  if (on && off) throw new WrongUse('--on or --off, not both.');
  if (Object.keys(values).every((option) => option === 'community')) throw new WrongUse('Say what to set.');
  return {
    ...(reset && { on: null, allow: null, cooldownSeconds: null, limit: null, symbol: null }),
    ...((on || off) && { on: on === true }),
    ...(cooldown !== undefined && { cooldownSeconds: whole('cooldown', cooldown) }),
    ...(limit !== undefined && { limit: readRate(limit) }),
    ...(symbol !== undefined && { symbol: symbol === 'none' ? null : symbol }),
  };
}

function whole(option: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new WrongUse(`--${option} is a whole number of seconds.`);
  return Number(value);
}

function readRate(value: string): Rate {
  const [, uses, perSeconds] = /^(\d{1,9})\/(\d{1,9})$/.exec(value) ?? [];
  if (uses === undefined) throw new WrongUse('--limit is USES/SECONDS, such as 5/3600.');
  return { uses: Number(uses), perSeconds: Number(perSeconds) };
}

/** The bounds are those of HTTP. */
function check(change: Record<string, unknown>): CommandChange {
  const checked = CommandChange.safeParse(change);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new WrongUse(`--${optionOf(issue)}: ${issue?.message}`);
}

function optionOf(issue: z.core.$ZodIssue | undefined): string {
  const field = String(issue?.path[0] ?? '');
  return field === 'cooldownSeconds' ? 'cooldown' : field;
}

/** A role; or usernames, accounts' ids and `platform:id`, with commas between. A role's name is the role. */
async function readAllow(storage: Storage, given: string | undefined): Promise<{ allow?: string | string[] }> {
  if (given === undefined) return {};
  const role = ROLES.find((one) => one === given);
  if (role) return { allow: role };
  const names = given.split(',').map((name) => name.trim());
  return { allow: await Promise.all(names.map((name) => idOf(storage, name))) };
}

async function idOf(storage: Storage, name: string): Promise<string> {
  if (name.includes(':') || /^acct_[0-9A-Z]{26}$/.test(name)) return name;
  const account = await findAccount(storage.db, { username: name });
  if (!account)
    throw new WrongUse(
      `There is no role and nobody called “${name}”. The roles are ${ROLES.join(', ')}; on platforms people are discord:ID, slack:ID, twitch:ID.`,
    );
  return account.id;
}

async function print({ say }: CommandLine, storage: Storage, rules: CommandRules): Promise<void> {
  const { on, allow, cooldownSeconds, limit, symbol } = rules;
  const who = Array.isArray(allow) ? (await namesOf(storage, allow)).join(', ') : `${allow} and up`;
  const words = [
    on ? 'on' : 'off',
    `for ${who}`,
    `${limit.uses} in ${limit.perSeconds} s`,
    cooldownSeconds === null ? 'no cooldown' : `cooldown ${cooldownSeconds} s`,
    ...(symbol === null ? [] : [`on Twitch ${symbol}${rules.name}`]),
  ];
  say[on ? 'ok' : 'note'](rules.name, words.join(' · '));
}

function namesOf(storage: Storage, people: string[]): Promise<string[]> {
  return Promise.all(people.map(async (id) => (await findAccount(storage.db, { id }))?.username ?? id));
}
