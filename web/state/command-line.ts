import type { Command, CommandArg } from '#contracts/web.ts';

/** One word of the form that is shown above the composer: `/stock symbol`. */
export type UsagePart = { text: string; state: 'given' | 'current' | 'later' };

/** What the palette shows for what has been typed so far. Null where it is no command. */
export type CommandHelp =
  | { stage: 'choose'; options: Command[]; total: number }
  | { stage: 'fill'; command: Command; usage: UsagePart[]; options: string[]; mistake: Mistake | null }
  | { stage: 'unknown'; name: string };

/** What is wrong with a line, so that the words for it stand in the catalogue. */
export type Mistake =
  | { kind: 'missing'; arg: CommandArg }
  | { kind: 'number'; arg: CommandArg; given: string }
  | { kind: 'choice'; arg: CommandArg; given: string }
  | { kind: 'form'; arg: CommandArg; given: string }
  | { kind: 'extra'; given: string };

type Word = { text: string; from: number; to: number };
type Typed = { text: string; caret: number };

const COMMAND = /^\/([a-z0-9][a-z0-9_-]*)?(?:([\s=])([\s\S]*))?$/i;

/** Help for the line that is being typed. The word at the caret is not called wrong before it is finished. */
export function helpFor(commands: Command[], typed: Typed): CommandHelp | null {
  const found = COMMAND.exec(typed.text);
  if (!found) return null;
  const name = (found[1] ?? '').toLowerCase();
  if (found[2] === undefined) return choosing(commands, name);
  const command = commands.find((one) => one.name === name);
  return command ? filling(command, typed) : { stage: 'unknown', name };
}

/** What is wrong with a whole line that is about to be sent; null where nothing is, or where the hall must say. */
export function mistakeIn(commands: Command[], text: string): Mistake | null {
  const found = COMMAND.exec(text.trimEnd());
  const command = commands.find((one) => one.name === found?.[1]?.toLowerCase());
  return command ? mistakeOf(command, { words: wordsOf(text.trimEnd()), typing: null }) : null;
}

/** The line after a command was chosen from the list: its name, and room for its arguments. */
export function chosen(command: Command): Typed {
  const text = `/${command.name}${command.args.length > 0 ? ' ' : ''}`;
  return { text, caret: text.length };
}

/** The line after one of the present argument's choices was taken. */
export function filled(typed: Typed, choice: string): Typed {
  const words = wordsOf(typed.text);
  const at = words.find((word) => word.from <= typed.caret && typed.caret <= word.to);
  const before = typed.text.slice(0, at?.from ?? typed.caret);
  const after = typed.text.slice(at?.to ?? typed.caret).trimStart();
  const text = `${before}${choice} `;
  return { text: text + after, caret: text.length };
}

/**
 * The line as it may be shown and kept: of a command that takes a secret its name alone, also where more is typed together with
 * it. The hall shows such a line just so. Of what begins like a command nothing is known before the commands are.
 */
export function shownLine(commands: Command[], text: string): string {
  const name = /^\s*\/([^\s=]+)/.exec(text)?.[1]?.toLowerCase();
  if (name === undefined) return text;
  if (commands.length === 0) return HIDDEN;
  if (commands.some((one) => one.name === name && !takesSecret(one))) return text;
  const meant = commands.filter((one) => takesSecret(one) && name.startsWith(one.name));
  const longest = meant.toSorted((a, b) => b.name.length - a.name.length)[0];
  return longest ? `/${longest.name} ${HIDDEN}` : text;
}

/** What stands where a secret would. */
const HIDDEN = '•••';

export function takesSecret({ args }: Command): boolean {
  return args.some(({ kind }) => kind === 'secret');
}

function choosing(commands: Command[], name: string): CommandHelp {
  const starts = commands.filter((one) => one.name.startsWith(name));
  const holds = commands.filter((one) => !one.name.startsWith(name) && one.name.includes(name));
  return { stage: 'choose', options: [...starts, ...holds], total: commands.length };
}

function filling(command: Command, typed: Typed): CommandHelp {
  const words = wordsOf(typed.text);
  const at = currentIndex(command, words, typed.caret);
  const arg = command.args[at];
  const present = words[at]?.text ?? '';
  const options = arg?.choices?.filter((choice) => choice.startsWith(present.toLowerCase())) ?? [];
  const usage = [{ text: `/${command.name}`, state: 'given' as const }, ...partsOf(command, words, at)];
  const typing = words[at] && typed.caret <= words[at].to ? at : null;
  return { stage: 'fill', command, usage, options, mistake: mistakeOf(command, { words, typing }) };
}

function partsOf(command: Command, words: Word[], current: number): UsagePart[] {
  return command.args.map((arg, at) => {
    if (at === current) return { text: arg.name, state: 'current' };
    const given = words[at]?.text;
    if (given !== undefined) return { text: arg.kind === 'secret' ? HIDDEN : given, state: 'given' };
    return { text: arg.required ? arg.name : `[${arg.name}]`, state: 'later' };
  });
}

/** Which argument the caret stands in; a text argument takes all that follows. */
function currentIndex(command: Command, words: Word[], caret: number): number {
  const text = command.args.findIndex((arg) => arg.kind === 'text');
  const within = words.findIndex((word) => caret >= word.from && caret <= word.to);
  const at = within === -1 ? words.filter((word) => word.to < caret).length : within;
  return text === -1 ? at : Math.min(at, text);
}

function mistakeOf(command: Command, { words, typing }: { words: Word[]; typing: number | null }): Mistake | null {
  for (const [at, arg] of command.args.entries()) {
    const given = words[at]?.text;
    const wrong = given === undefined ? null : wrongWith(arg, given, { typing: typing === at });
    if (wrong) return wrong;
    if (given === undefined && arg.required && typing === null && allGiven(words, at)) return { kind: 'missing', arg };
  }
  const extra = words[command.args.length];
  const open = command.args.at(-1)?.kind === 'text';
  return extra && !open ? { kind: 'extra', given: extra.text } : null;
}

/** An argument is missing only once the line is finished, not while it is next. */
function allGiven(words: Word[], at: number): boolean {
  return words.length <= at;
}

function wrongWith(arg: CommandArg, given: string, { typing }: { typing: boolean }): Mistake | null {
  if (arg.kind === 'number' && !isNumber(given, typing)) return { kind: 'number', arg, given };
  if (typing) return null;
  if (arg.choices && !arg.choices.includes(given.toLowerCase())) return { kind: 'choice', arg, given };
  return arg.kind === 'word' && arg.pattern && !matches(arg.pattern, given) ? { kind: 'form', arg, given } : null;
}

function isNumber(given: string, typing: boolean): boolean {
  return /^[+-]?\d+(\.\d+)?$/.test(given) || (typing && /^[+-]?\d*\.?\d*$/.test(given));
}

function matches(pattern: string, given: string): boolean {
  try {
    return new RegExp(pattern, 'i').test(given);
  } catch {
    return true;
  }
}

/** The words after the name, by blanks; a quoted one is one word. */
function wordsOf(text: string): Word[] {
  const start = text.search(/[\s=]/);
  if (start === -1) return [];
  const words = text.slice(start + 1).matchAll(/"((?:[^"]|"")*)"?|[^\s"]\S*/g);
  return [...words].map((found) => {
    const from = start + 1 + found.index;
    return { text: found[1]?.replaceAll('""', '"') ?? found[0], from, to: from + found[0].length };
  });
}
