import { z } from 'zod';
import { checkArguments, commandIn, hasSecret, isSecret, parseArguments, type Argument } from './arguments.ts';
import type { AnyCommand } from './command.ts';
import { AppError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { IncomingMessage } from './message.ts';
import type { Sealer } from './secret.ts';

/** What a person asks: a line, or a name with arguments apart. */
export type Ask = IncomingMessage['ask'];

/** What a connector needs to seal what it received. */
export interface Sealing {
  commands: ReadonlyMap<string, AnyCommand>;
  seal: Sealer;
}

/** A command that takes a secret is asked for. */
export interface SecretAsked {
  command: AnyCommand;
  /** The rest of the line, or arguments apart; undefined where they are typed together with the name. */
  typed: string | Record<string, unknown> | undefined;
  /** Something stands behind the name: it may be the secret, wherever it is. */
  given: boolean;
}

/** Whether a command that takes a secret is asked for. What is typed together with its name, such as `/keep-key:…`, counts. */
export function findSecret(ask: Ask, commands: ReadonlyMap<string, AnyCommand>): SecretAsked | undefined {
  const { name, typed } = readAsk(ask);
  const command = commands.get(name);
  if (!command) return slip(name, commands) ?? ('text' in ask ? dressed(ask.text, commands) : undefined);
  if (!hasSecret(command.args)) return undefined;
  const given = typeof typed === 'string' ? typed.trim() !== '' : Object.keys(typed).length > 0;
  return { command, typed, given };
}

/** For a place where others read the line: also where the name is misspelt by one letter, or a blank stands in it. */
export function findSecretOrSlip(ask: Ask, commands: ReadonlyMap<string, AnyCommand>): SecretAsked | undefined {
  const found = findSecret(ask, commands);
  if (found || !('text' in ask) || commands.has(readAsk(ask).name)) return found;
  const [first = '', ...more] = undressed(ask.text).split(/[\s=:]+/u);
  if (more.join('') === '') return undefined;
  const typed = [lettersOf(first), lettersOf(first + (more[0] ?? ''))];
  for (const command of commands.values()) {
    const name = lettersOf(command.name);
    const isMeant = name.length >= NEAR_LEAST && hasSecret(command.args) && typed.some((word) => isNear(word, name));
    if (isMeant) return { command, typed: undefined, given: true };
  }
  return undefined;
}

/**
 * The ask as it may go on to inbox, bus and log: each secret sealed for `owner` and its argument's purpose. A line that cannot
 * be read goes on without anything that was typed in it, and with what is wrong instead. Throws what `seal` throws.
 */
export async function sealedAsk(ask: Ask, owner: string, { commands, seal }: Sealing): Promise<Ask> {
  const asked = findSecret(ask, commands);
  if (!asked) return bare(ask, commands);
  const { name, args: declared } = asked.command;
  const parsed = readPlain(asked);
  if (!parsed.ok) return { name, args: {}, wrong: parsed.wrong };
  const sealing = Object.entries(parsed.args).map(async ([key, value]) => {
    const purpose = declared[key]?.purpose;
    return [key, purpose === undefined ? value : await seal(withoutTicks(String(value)), { owner, purpose })] as const;
  });
  return { name, args: Object.fromEntries(await Promise.all(sealing)) };
}

/** Whether it could not be sealed just now: its words are for the asker. */
export function isNotSealed(error: unknown): error is AppError {
  return error instanceof AppError && NOT_SEALED.has(error.code);
}

const NOT_SEALED: ReadonlySet<string> = new Set(['vault-away', 'no-key']);

/** A command that takes secrets as people are shown it afterwards: nothing of what was typed. */
export function hiddenLine(name: string): string {
  return `/${name} ${HIDDEN}`;
}

const HIDDEN = '•••';

function readAsk(ask: Ask): { name: string; typed: string | Record<string, unknown> } {
  if (!('text' in ask)) return { name: ask.name, typed: ask.args };
  const { name, rest } = commandIn(withoutFence(ask.text));
  return { name, typed: rest };
}

/** Where somebody put the whole line into a block of code, as is done with keys, the line in it. */
function withoutFence(text: string): string {
  const [, line] = /^\/?\s*(?:```|`)\s*\/?([^`\s][^`]*)`*$/.exec(text.trim()) ?? [];
  return line === undefined ? text : `/${line}`;
}

/** The same for the secret alone: no key begins and ends so. */
function withoutTicks(value: string): string {
  return /^`([^`]+)`$/.exec(value)?.[1] ?? value;
}

/** The longest name of a command with secrets that the word begins with. */
function slip(word: string, commands: ReadonlyMap<string, AnyCommand>): SecretAsked | undefined {
  let meant: AnyCommand | undefined;
  for (const one of commands.values()) {
    const fits = hasSecret(one.args) && word.startsWith(one.name);
    if (fits && one.name.length >= (meant?.name.length ?? 0)) meant = one;
  }
  return meant && { command: meant, typed: undefined, given: true };
}

/** With something around the name, such as `/ keep-key`, `/, keep-key` or a spoiler: a slash is among what stands before it. */
function dressed(text: string, commands: ReadonlyMap<string, AnyCommand>): SecretAsked | undefined {
  if (!/^[^\p{L}\p{N}]*[/／]/u.test(text)) return undefined;
  const { name } = commandIn(`/${undressed(text)}`);
  return slip(name, commands);
}

/** From the first letter on, without what is not seen; a block of code may have the name of a language before the line. */
function undressed(text: string): string {
  const seen = text.normalize('NFKC').replace(/\p{Cf}/gu, '');
  return seen.replace(/^[^\p{L}\p{N}]*(?:(?<=```)[\w-]+\n[^\p{L}\p{N}]*)?/u, '');
}

/** Letters of a name: of shorter ones other words are near too often. */
const NEAR_LEAST = 5;

const lettersOf = (word: string): string => word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Whether one letter at most is missing, more, or another, or two are swapped. */
function isNear(one: string, other: string): boolean {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const [a, b] = [one.slice(same), other.slice(same)];
  const isSwapped = a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return isSwapped || a.slice(1) === b.slice(1) || a === b.slice(1) || a.slice(1) === b;
}

/**
 * Of a command that is not there the name alone goes on, where another takes secrets: it may be that one, misspelt. What is not
 * like a name may be the secret itself, in a place where all that is typed is a command.
 */
function bare(ask: Ask, commands: ReadonlyMap<string, AnyCommand>): Ask {
  const { name } = readAsk(ask);
  if (commands.has(name) || ![...commands.values()].some(({ args }) => hasSecret(args))) return ask;
  const longest = Math.max(...[...commands.keys()].map(({ length }) => length));
  const shown = /\d/.test(name) || name.length > longest + 2 ? HIDDEN : name;
  return 'text' in ask ? { text: `/${shown}` } : { name: shown, args: {} };
}

function readPlain({ command, typed }: SecretAsked): ReturnType<typeof checkArguments> {
  if (typed === undefined) return { ok: false, wrong: RUN_TOGETHER };
  const declared = plainly(command.args);
  return typeof typed === 'string' ? parseArguments(declared, typed) : checkArguments(declared, typed);
}

const RUN_TOGETHER = 'A blank goes between the name and what stands behind it, and nothing else around them.';

/** The same arguments, the secrets as they are typed. */
function plainly(declared: Record<string, Argument<unknown>>): Record<string, Argument<unknown>> {
  const entries = Object.entries(declared).map(([name, one]): [string, Argument<unknown>] => {
    const schema = one.required ? TYPED : TYPED.optional();
    return [name, isSecret(one) ? { ...one, schema } : one];
  });
  return Object.fromEntries(entries);
}

/** A secret before it is sealed. */
export const TYPED = z
  .string('is not a text')
  .min(1, 'is empty')
  .refine((value) => value.isWellFormed(), 'holds half a character')
  .refine(
    (value) => new TextEncoder().encode(value).length <= LIMITS.secretBytes,
    `is longer than ${LIMITS.secretBytes} bytes`,
  );
