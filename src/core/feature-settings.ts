import { z } from 'zod';
import { LIMITS } from './limits.ts';

export type SettingValue = string | number | boolean | string[];

/** One thing that a community may set about a feature: what people read about it, and what is taken. */
export interface Field<T extends SettingValue = SettingValue> {
  kind: 'text' | 'number' | 'choice' | 'switch' | 'words' | 'role';
  label: string;
  /** A sentence or two: what it does. */
  help: string;
  /** What holds where a community chose nothing. */
  declared: T;
  /** Gives the value as it is kept. Its messages are whole sentences, shown beside the field. */
  schema: z.ZodType<T>;
  /** Bounds of a number; `most` is also the most characters of a text, and the most words. */
  least?: number;
  most?: number;
  /** Of a number, such as `minutes`: a duration is a number with a unit. */
  unit?: string;
  choices?: readonly Choice[];
  /** A text of several lines. */
  lines?: true;
  /** Names that may stand in a text in braces, such as `{name}`; `fillIn` puts words there. */
  blanks?: readonly string[];
  /** Whose role it is: the platform of the community's places. */
  platform?: string;
}

export interface Choice {
  value: string;
  label: string;
}

export type Fields = Record<string, Field>;

/** What a feature lets each community set: declared once, for the portal's page, HTTP and the commands that read it. */
export interface FeatureSettings<F extends Fields = Fields> {
  /** The feature's name. */
  feature: string;
  title: string;
  about: string;
  fields: F;
}

export type SettingsOf<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export function featureSettings<F extends Fields>(
  feature: string,
  declared: Omit<FeatureSettings<F>, 'feature'>,
): FeatureSettings<F> {
  return { feature, ...declared };
}

interface About<T> {
  label: string;
  help: string;
  declared: T;
}

export function onOff(about: About<boolean>): Field<boolean> {
  return { ...about, kind: 'switch', schema: z.boolean('This is on or off.') };
}

export function oneOf<const V extends string>(
  about: About<NoInfer<V>> & { choices: readonly { value: V; label: string }[] },
): Field<V> {
  const values = about.choices.map(({ value }) => value);
  const says = `This is one of: ${about.choices.map(({ label }) => label).join(', ')}.`;
  return { ...about, kind: 'choice', schema: z.enum(values, says) as z.ZodType<V> };
}

/** A whole number from `least` to `most`. */
export function figure(about: About<number> & { least: number; most: number; unit?: string }): Field<number> {
  const { least, most, unit } = about;
  const says = `This is a whole number from ${least} to ${most}.${unit ? ` It counts ${unit}.` : ''}`;
  return { ...about, kind: 'number', schema: z.int(says).min(least, says).max(most, says) };
}

/** Words without blanks around them. `form` with the sentence for what has it not. */
export function writing(
  about: About<string> & {
    most: number;
    lines?: true;
    form?: { is: RegExp; says: string };
    blanks?: readonly string[];
  },
): Field<string> {
  const { most, lines, form, blanks, ...rest } = about;
  const schema = z
    .string('This is a text.')
    .trim()
    .max(most, `This has more than ${most} characters.`)
    .regex(lines ? PARAGRAPHS : LINE, lines ? 'This has signs that cannot be shown.' : 'This is one line of text.')
    .superRefine((text, context) => {
      const message = form && !form.is.test(text) ? form.says : blanks && wrongBlank(text, blanks);
      if (message) context.addIssue({ code: 'custom', message });
    });
  return { ...rest, kind: 'text', most, schema, ...(lines && { lines }), ...(blanks && { blanks }) };
}

/** No control characters and no half characters: a line, and several. */
const LINE = /^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u;
const PARAGRAPHS = /^(?:\n|[^\p{Cc}\p{Cs}\u2028\u2029])*$/u;

const BLANK = /\{(\w+)\}/g;

function wrongBlank(text: string, blanks: readonly string[]): string | undefined {
  const wrong = [...text.matchAll(BLANK)].find(([, name]) => !blanks.includes(name ?? ''));
  if (!wrong) return undefined;
  return `Nothing can be put where ${wrong[0]} stands. There is ${blanks.map((name) => `{${name}}`).join(', ')}.`;
}

/** A text with what is known put where its blanks are. */
export function fillIn(text: string, known: Record<string, string>): string {
  return text.replaceAll(BLANK, (blank, name: string) => (Object.hasOwn(known, name) ? (known[name] ?? '') : blank));
}

/** Up to `most` single words, each of this form, in any order and each once. */
export function wordsOf(
  about: About<string[]> & { most: number; form?: { is: RegExp; says: string } },
): Field<string[]> {
  const { most, form = { is: ONE_WORD, says: 'Each of these is one word of 1 to 60 characters.' }, ...rest } = about;
  const word = z.string(form.says).trim().regex(form.is, form.says);
  const schema = z
    .array(word, 'This is a list of words.')
    .max(most, `These are more than ${most}.`)
    .transform((words) => [...new Set(words)]);
  return { ...rest, kind: 'words', most, schema };
}

const ONE_WORD = /^[^\s\p{Cc}\p{Cs}]{1,60}$/u;

/** A role that people may have in the community's places on a platform, by its id there; empty for none. */
export function roleOn(platform: string, about: Omit<About<string>, 'declared'>): Field<string> {
  const schema = z.string('This is a role.').regex(/^[\w-]{0,64}$/, 'This is no role.');
  return { ...about, declared: '', kind: 'role', platform, schema };
}

/** What a community chose of one feature, as it is kept, whoever declared it. `version` grows with each change. */
export interface Chosen {
  values: Record<string, unknown>;
  version: number;
}

export const NOTHING_CHOSEN: Chosen = { values: {}, version: 0 };

/** What holds: what is kept, and what is declared where nothing is kept or the feature takes it no more. */
export function valuesOf<F extends Fields>({ fields }: FeatureSettings<F>, { values }: Chosen): SettingsOf<F> {
  const held = Object.entries(fields).map(([name, field]) => [name, heldOf(field, values, name)]);
  return Object.fromEntries(held) as SettingsOf<F>;
}

function heldOf(field: Field, values: Record<string, unknown>, name: string): SettingValue {
  const read = Object.hasOwn(values, name) ? field.schema.safeParse(values[name]) : undefined;
  return read?.success ? read.data : field.declared;
}

/** What is to change; null goes back to what is declared. `offered`: the roles that each platform has here. */
export interface Wanted {
  values: Record<string, SettingValue | null>;
  offered(platform: string): readonly Choice[];
}

export type Checked = { ok: true; next: Record<string, unknown> } | { ok: false; wrong: Record<string, string> };

/** The values to keep after a change, or what is wrong by field. What a field that is gone left behind stays there. */
export function checkSettings(settings: FeatureSettings, before: Chosen, { values, offered }: Wanted): Checked {
  const next = { ...before.values };
  const wrong: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = Object.hasOwn(settings.fields, name) ? settings.fields[name] : undefined;
    const read = field && value !== null ? field.schema.safeParse(value) : undefined;
    if (!field) wrong[clip(name)] = 'There is no such setting.';
    else if (!read || (read.success && same(read.data, field.declared))) delete next[name];
    else if (!read.success) wrong[name] = read.error.issues[0]?.message ?? 'This cannot be taken.';
    else if (isRoleNowhere(field, read.data, { kept: before.values[name], offered }))
      wrong[name] = 'No place of this community has this role.';
    else next[name] = read.data;
  }
  return Object.keys(wrong).length > 0 ? { ok: false, wrong } : { ok: true, next };
}

/** A role that was chosen and is gone there may stay: nothing else could be saved. */
function isRoleNowhere(
  { platform }: Field,
  value: SettingValue,
  { kept, offered }: { kept: unknown; offered: Wanted['offered'] },
): boolean {
  if (platform === undefined || value === '' || value === kept) return false;
  return !offered(platform).some((one) => one.value === value);
}

/** Names of the fields that differ, with what held and what holds now; long texts cut short. */
export function changesOf(
  settings: FeatureSettings,
  before: Chosen,
  next: Chosen,
): Record<string, { from: unknown; to: unknown }> {
  const [was, is] = [valuesOf(settings, before), valuesOf(settings, next)];
  const names = Object.keys(settings.fields).filter((name) => !same(was[name], is[name]));
  return Object.fromEntries(names.map((name) => [name, { from: shown(was[name]), to: shown(is[name]) }]));
}

function shown(value: SettingValue | undefined): unknown {
  if (Array.isArray(value)) return value.length > 20 ? [...value.slice(0, 20), '…'] : value;
  return typeof value === 'string' ? clip(value) : value;
}

function clip(text: string): string {
  return text.length > LIMITS.settingShown ? `${text.slice(0, LIMITS.settingShown)}…` : text;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
