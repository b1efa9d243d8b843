import { texts } from '#web/texts.ts';
import { dayOf } from './time.ts';

/** An entry as the hall gives it. */
export type Entry = {
  id: string;
  at: string;
  who: (Named & { username: string | null }) | null;
  identity: (Named & { platform: string }) | null;
  platform: string | null;
  action: string;
  subject: Named | null;
  detail: string | null;
  place: Named | null;
  result: string;
};
type Named = { id: string; name: string | null };

export type AuditPage = { entries: Entry[]; after: string | null; days: number };

export type Filters = { who: string; action: string; result: string; from: string; to: string };

export const NO_FILTERS: Filters = { who: '', action: '', result: '', from: '', to: '' };

const words = texts.audit;

/** The filters as the hall asks for them. Days are the reader's own, the last one whole. */
export function queryOf({ who, action, result, from, to }: Filters, more: Record<string, string> = {}): string {
  const given = {
    who: who.trim(),
    action,
    result,
    from: from === '' ? '' : startOf(from, 0),
    to: to === '' ? '' : startOf(to, 1),
    ...more,
  };
  const query = new URLSearchParams(Object.entries(given).filter(([, value]) => value !== ''));
  return query.size > 0 ? `?${query}` : '';
}

/** The beginning of a day, `later` days on. */
function startOf(day: string, later: number): string {
  const when = new Date(`${day}T00:00`);
  when.setDate(when.getDate() + later);
  return when.toISOString();
}

/** Entries by day, in their order. */
export function byDay(entries: readonly Entry[]): { day: string; at: string; entries: Entry[] }[] {
  const days: { day: string; at: string; entries: Entry[] }[] = [];
  for (const entry of entries) {
    const day = dayOf(entry.at);
    const last = days.at(-1);
    if (last?.day === day) last.entries.push(entry);
    else days.push({ day, at: entry.at, entries: [entry] });
  }
  return days;
}

export function whoOf({ who, identity }: Entry): { id: string; name: string } {
  if (who?.name) return { id: who.id, name: who.name };
  if (identity) return { id: identity.id, name: identity.name ?? words.somebody(platformName(identity.platform)) };
  return who ? { id: who.id, name: who.id } : { id: 'operator', name: words.operator };
}

/** By which way they came. */
export function wayOf({ who, identity, platform, detail }: Entry): string {
  if (identity) return [platformName(identity.platform), identity.name ?? identity.id].join(' ');
  // Of whoever was deleted the platform alone is left.
  if (platform !== null) return platformName(platform);
  if (who === null) return '';
  return readDetail(detail)['from'] === 'http' ? words.program : words.web;
}

export function whereOf({ place, action }: Entry): string {
  if (!place) return action.startsWith('command.') && action !== 'command.settings' ? '' : words.portal;
  if (place.name !== null) return place.name;
  const [platform = '', room] = place.id.split(':');
  return room === undefined ? words.privateRoom : words.there(platformName(platform));
}

/** What they did: a sentence after their name, with the command in it where there is one. */
export function whatOf({ action, subject, detail, result }: Entry): { said: string; command?: string; more?: string } {
  if (action === 'command.settings')
    return { said: words.changed, command: `/${subject?.id ?? ''}`, more: changesOf(readDetail(detail)) };
  if (action.startsWith('command.')) {
    const name = action.slice('command.'.length);
    return { said: result === 'done' ? words.used : words.tried, command: name === 'unknown' ? '/…' : `/${name}` };
  }
  if (action === 'feature.settings') {
    const changes = said(Object.entries(readDetail(detail)).map(([name, change]) => settingOf(name, change)));
    return { said: `${words.acts[action]?.(subject?.id ?? '', '') ?? ''}${changes}` };
  }
  const it = subject ? (subject.name ?? subject.id) : '';
  const say = Object.hasOwn(words.acts, action) ? words.acts[action] : undefined;
  return { said: say ? say(it, detail ?? '') : words.act(action, it) };
}

/** The last refusal that was written down of many. */
export function isLastOfMany({ detail }: Entry): boolean {
  return readDetail(detail)['more'] === true;
}

export function resultOf({ result }: Entry): { said: string; look: 'good' | 'warn' | 'bad' } {
  if (result === 'done') return { said: words.done, look: 'good' };
  const said = Object.hasOwn(words.results, result) ? words.results[result] : undefined;
  const look = result === 'not-allowed' || result === 'command-off' ? 'bad' : 'warn';
  return { said: said ?? words.otherResult(result), look };
}

function changesOf(change: Record<string, unknown>): string {
  return said(Object.entries(change).map(([name, value]) => changeOf(name, value)));
}

function said(changes: string[]): string {
  return changes.length > 0 ? `: ${changes.join(', ')}` : '';
}

/** A feature's setting, from what to what, with the name that it has over HTTP. */
function settingOf(name: string, change: unknown): string {
  const { from, to } = change as { from: unknown; to: unknown };
  return words.changes.setting(name, valueOf(from), valueOf(to));
}

function valueOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? words.changes.onWord : words.changes.offWord;
  const text = Array.isArray(value) ? value.join(' ') : String(value);
  return text === '' ? words.changes.nothing : text;
}

function changeOf(name: string, value: unknown): string {
  const { changes } = words;
  if (value === null) return changes.back(changes.names[name] ?? name);
  if (name === 'on') return changes.on(value === true);
  if (name === 'allow') return changes.allow(value as string | string[]);
  if (name === 'cooldownSeconds') return changes.cooldown(Number(value));
  if (name === 'limit') return changes.limit(value as { uses: number; perSeconds: number });
  return name === 'symbol' ? changes.symbol(String(value)) : name;
}

function readDetail(detail: string | null): Record<string, unknown> {
  try {
    const read = JSON.parse(detail ?? '{}') as unknown;
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function platformName(platform: string): string {
  return words.platforms[platform] ?? platform;
}
