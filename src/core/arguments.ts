import { z } from 'zod';

export type ArgumentKind = 'word' | 'text' | 'number' | 'choice' | 'secret';

/** One argument of a command: what people read about it, and the schema that HTTP, chat and OpenAPI share. */
export interface Argument<T> {
  kind: ArgumentKind;
  about: string;
  required: boolean;
  choices?: readonly string[];
  pattern?: string;
  /** Bounds of a number; the most characters of a text. */
  least?: number;
  most?: number;
  /** What could be meant, while somebody types; for platforms that complete words. */
  suggest?: Suggest;
  /** Of a secret: what it is sealed for. */
  purpose?: string;
  schema: z.ZodType<T>;
}

/** Up to 25 words that begin with, or hold, what is typed. */
export type Suggest = (typed: string) => readonly string[];

export type ArgumentValues<A extends Record<string, Argument<unknown>>> = {
  [K in keyof A]: A[K] extends Argument<infer T> ? T : never;
};

/** A word without blanks, of the given form. */
export function word(about: string, form: RegExp = /^\S{1,200}$/): Argument<string> {
  const schema = z.string().regex(form, `is not ${about}`);
  return { kind: 'word', about, required: true, pattern: form.source, schema };
}

/** A whole number from `least` to `most`. In chat it is typed as digits, over HTTP it may be a JSON number. */
export function whole(about: string, least: number, most: number): Argument<number> {
  const typed = z
    .string()
    .regex(/^-?\d{1,15}$/, 'is not a whole number')
    .transform(Number);
  const schema = z
    .union([z.number(), typed], 'is not a whole number')
    .pipe(z.int('is not a whole number').min(least, `is below ${least}`).max(most, `is above ${most}`));
  return { kind: 'number', about, required: true, least, most, schema };
}

/** One of a few words. */
export function choice<const C extends readonly [string, ...string[]]>(about: string, choices: C): Argument<C[number]> {
  const schema = z.enum(choices, `is not one of ${choices.join(', ')}`);
  return { kind: 'choice', about, required: true, choices, schema };
}

/** The rest of the line, blanks included. Only as the last argument. */
export function text(about: string, most = 2_000): Argument<string> {
  const schema = z.string().min(1, 'is empty').max(most, `is longer than ${most} characters`);
  return { kind: 'text', about, required: true, most, schema };
}

/**
 * One word that nobody else may read, such as a key: the connector that receives it seals it, for who asks and for `purpose`,
 * and `run` gets the sealed text. What comes unsealed is refused. Arguments before it need a strict form, so that a secret
 * in the wrong place is not taken for one of them.
 */
export function secret(about: string, purpose: string): Argument<string> {
  const schema = z.string().regex(SEALED, 'was not sealed where it came in, so it was not taken');
  return { kind: 'secret', about, required: true, purpose, schema };
}

/** A sealed text by its form: what `readSealed` of contracts/sealed.ts takes. */
export const SEALED = /^gs1(?:\.[\w-]+){3}$/;

export function isSecret(argument: Argument<unknown>): boolean {
  return argument.kind === 'secret';
}

export function hasSecret(declared: Record<string, Argument<unknown>>): boolean {
  return Object.values(declared).some(isSecret);
}

/** The same argument, completed from `words` while it is typed; another word stays allowed. */
export function suggesting<T>(argument: Argument<T>, words: () => Iterable<string>): Argument<T> {
  return { ...argument, suggest: (typed) => completions(words(), typed) };
}

/** Words that begin with what is typed come before those that only hold it. */
function completions(words: Iterable<string>, typed: string): string[] {
  const wanted = typed.trim().toLowerCase();
  const found = [...words].filter((word) => word.toLowerCase().includes(wanted));
  const rank = (word: string): number => (word.toLowerCase().startsWith(wanted) ? 0 : 1);
  return found.toSorted((a, b) => rank(a) - rank(b)).slice(0, 25);
}

/** The same argument, which may be left out. */
export function optional<T>(argument: Argument<T>): Argument<T | undefined> {
  return { ...argument, required: false, schema: argument.schema.optional() };
}

export type Parsed = { ok: true; args: Record<string, unknown> } | { ok: false; wrong: string };

/** Arguments that are already apart (HTTP). An unknown name is wrong. Where one is a secret, what is wrong quotes nothing. */
export function checkArguments(declared: Record<string, Argument<unknown>>, given: Record<string, unknown>): Parsed {
  const quotes = !hasSecret(declared);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name)) return { ok: false, wrong: sayUnknown(name, quotes) };
  }
  const args: Record<string, unknown> = {};
  for (const [name, argument] of Object.entries(declared)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const checked = argument.schema.safeParse(value);
    if (!checked.success) {
      const why = whyWrong(argument, value, checked.error);
      return { ok: false, wrong: sayWrong({ name, argument, value, why, quotes }) };
    }
    if (checked.data !== undefined) args[name] = checked.data;
  }
  return { ok: true, args };
}

/** Arguments as a person types them: words in order; a `text` takes the rest; `"two words"` is one word. */
export function parseArguments(declared: Record<string, Argument<unknown>>, line: string): Parsed {
  const given: Record<string, unknown> = {};
  let rest = line.trim();
  for (const [name, argument] of Object.entries(declared)) {
    if (rest === '') break;
    const [value, after] = argument.kind === 'text' ? [rest, ''] : nextWord(rest);
    given[name] = value;
    rest = after;
  }
  if (rest !== '') return { ok: false, wrong: hasSecret(declared) ? TOO_MUCH : sayMore(rest) };
  return checkArguments(declared, given);
}

/** `/name rest` and `/name=rest`, the name in any case. */
export function commandIn(text: string): { name: string; rest: string } {
  const line = text.trim();
  const [all = '', name = ''] = /^\/([^\s=]*)=?/.exec(line) ?? [];
  return { name: name.toLowerCase(), rest: line.slice(all.length) };
}

/** The line that `parseArguments` reads back as the same values. */
export function formatArguments(declared: Record<string, Argument<unknown>>, args: Record<string, unknown>): string {
  return Object.entries(declared)
    .filter(([name]) => args[name] !== undefined)
    .map(([name, argument]) => formatWord(String(args[name]), argument.kind))
    .join(' ');
}

function formatWord(value: string, kind: ArgumentKind): string {
  if (kind === 'text' || (value !== '' && !/\s/.test(value) && !value.startsWith('"'))) return value;
  return `"${value.replaceAll('"', '""')}"`;
}

function nextWord(line: string): [string, string] {
  const quoted = /^"((?:[^"]|"")*)"(?=\s|$)/.exec(line);
  if (quoted) return [(quoted[1] ?? '').replaceAll('""', '"'), line.slice(quoted[0].length).trim()];
  const end = line.search(/\s/);
  return end < 0 ? [line, ''] : [line.slice(0, end), line.slice(end).trim()];
}

interface Wrong {
  name: string;
  argument: Argument<unknown>;
  value: unknown;
  why: string;
  /** What was given may be shown. */
  quotes: boolean;
}

function sayWrong({ name, argument, value, why, quotes }: Wrong): string {
  if (value === undefined) return `It needs ${name}: ${argument.about}.`;
  if (!quotes) return `What was given for ${name} ${why}.`;
  return `“${clip(typeof value === 'string' ? value : JSON.stringify(value))}” ${why}.`;
}

function whyWrong({ kind, about }: Argument<unknown>, value: unknown, error: z.ZodError): string {
  const typed = typeof value === 'string' || typeof value === 'number';
  const why = typed ? error.issues[0]?.message : undefined;
  return why !== undefined && (kind === 'secret' || why.startsWith('is ')) ? why : `is not ${about}`;
}

function sayUnknown(name: string, quotes: boolean): string {
  return quotes ? `There is no argument “${name}”.` : 'It was given an argument that it does not have.';
}

function sayMore(rest: string): string {
  return `“${clip(rest)}” is more than this command takes.`;
}

const TOO_MUCH = 'There is more than this command takes. What has blanks in it goes in quotes.';

function clip(value: string): string {
  return value.length > 40 ? `${value.slice(0, 40)}…` : value;
}
