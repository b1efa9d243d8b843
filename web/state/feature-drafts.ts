import type { FeatureField, FeatureSettings, SettingValue } from '#contracts/portal.ts';
import { texts } from '#web/texts.ts';

/** What is typed, by field, where something was. Numbers and words are texts until they are saved. */
export type FeatureDraft = Record<string, string | boolean>;

const words = texts.features;

/** A value as it stands in its field. */
export function typedOf(value: SettingValue): string | boolean {
  if (typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.join('\n') : String(value);
}

export function typedIn(field: FeatureField, draft: FeatureDraft): string | boolean {
  return draft[field.name] ?? typedOf(field.value);
}

/** What was changed, for the hall; null goes back to what is declared. What is no number goes as it is: the hall says so. */
export function changeOf({ fields }: FeatureSettings, draft: FeatureDraft): Record<string, SettingValue | null> {
  const changed = fields.flatMap((field): [string, SettingValue | null][] => {
    const value = readTyped(field, typedIn(field, draft));
    if (same(value, field.value)) return [];
    return [[field.name, same(value, field.declared) ? null : value]];
  });
  return Object.fromEntries(changed);
}

function readTyped({ kind }: FeatureField, typed: string | boolean): SettingValue {
  if (typeof typed === 'boolean') return typed;
  if (kind === 'words') return typed.split(/\s+/).filter(Boolean);
  const text = typed.trim();
  return kind === 'number' && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

/** “Default market: none to us”, a change each. */
export function changesInWords(settings: FeatureSettings, draft: FeatureDraft): string[] {
  const change = changeOf(settings, draft);
  return settings.fields
    .filter(({ name }) => name in change)
    .map((field) =>
      words.from(field.label, inWords(field, field.value), inWords(field, change[field.name] ?? field.declared)),
    );
}

/** A value as people say it, in a line. */
export function inWords({ choices, unit }: FeatureField, value: SettingValue): string {
  if (typeof value === 'boolean') return value ? words.on : words.off;
  const text = Array.isArray(value) ? value.join(', ') : String(value).replaceAll(/\s+/g, ' ');
  if (text === '') return words.nothing;
  const label = choices?.find((one) => one.value === text)?.label ?? text;
  return words.figure(label.length > LONG ? `${label.slice(0, LONG)}…` : label, unit);
}

/** Characters of a text that is told in a line. */
const LONG = 40;

export function isAsDeclared(field: FeatureField, draft: FeatureDraft): boolean {
  return same(readTyped(field, typedIn(field, draft)), field.declared);
}

function same(one: SettingValue, other: SettingValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
