const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const weekdayYear = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' });
const dateYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const whole = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** “09:02” in the reader's own zone. */
export function clockOf(at: string): string {
  return clock.format(new Date(at));
}

/** The reader's calendar day, as a key: “2026-11-19”. */
export function dayOf(at: string): string {
  const when = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
}

/** “Thursday 19 November”, with the year where it is not this one. */
export function dayName(at: string, now = new Date()): string {
  const when = new Date(at);
  return plain((when.getFullYear() === now.getFullYear() ? weekday : weekdayYear).format(when));
}

/** “Thursday 19 November 2026, 09:02 CET”: for the tooltip of every time. */
export function wholeTime(at: string): string {
  return plain(whole.format(new Date(at))).replace(' at ', ', ');
}

/** “2 November”, with the year where it is not this one. */
export function dateName(at: string, now = new Date()): string {
  const when = new Date(at);
  return (when.getFullYear() === now.getFullYear() ? date : dateYear).format(when);
}

/** The last day of what ends at a moment: the day before where that is a midnight. */
export function lastDayName(end: string): string {
  return dateName(new Date(Date.parse(end) - 1).toISOString());
}

/** “2 Nov”: for a column of figures. */
export function shortDateName(at: string): string {
  return shortDate.format(new Date(at));
}

/** “today, 09:38” or “2 Nov”, with the year where it is not this one. */
export function dayAndClock(at: string, now = new Date()): string {
  if (dayOf(at) === dayOf(now.toISOString())) return `today, ${clockOf(at)}`;
  const year = new Date(at).getFullYear();
  return year === now.getFullYear() ? shortDateName(at) : `${shortDateName(at)} ${year}`;
}

/** “now”, “12 minutes ago”, “3 hours ago”, “on 14 October”. */
export function agoName(at: string, now = Date.now()): string {
  const past = now - Date.parse(at);
  if (past < 2 * MINUTE) return 'now';
  if (past < HOUR) return `${Math.floor(past / MINUTE)} minutes ago`;
  if (past < 2 * HOUR) return 'an hour ago';
  if (past < DAY) return `${Math.floor(past / HOUR)} hours ago`;
  return `on ${dateName(at, new Date(now))}`;
}

/** “in 7 days”, “in 22 h”, “in 4 min”, “ended”. */
export function untilName(at: string, now = Date.now()): string {
  const left = Date.parse(at) - now;
  if (left <= 0) return 'ended';
  if (left < HOUR) return `in ${Math.max(1, Math.round(left / MINUTE))} min`;
  if (left < 2 * DAY) return `in ${Math.round(left / HOUR)} h`;
  return `in ${Math.round(left / DAY)} days`;
}

/** Some engines put a comma after the weekday and some do not. */
function plain(text: string): string {
  return text.replace(/^(\p{L}+),/u, '$1');
}
