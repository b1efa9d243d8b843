import { texts } from '#web/texts.ts';

const words = texts.instance;

/** “2 d”, “36 h”, “12 min”, “34 s”: how long something has been. */
export function spanName(from: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(from)) / 1_000));
  if (seconds < 90) return words.seconds(seconds);
  if (seconds < 90 * 60) return words.minutes(Math.round(seconds / 60));
  if (seconds < 48 * 3_600) return words.hours(Math.round(seconds / 3_600));
  return words.days(Math.floor(seconds / 86_400));
}

/** “412 KB”, “1.9 GB”. */
export function bytesName(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1_024)));
  const figure = bytes / 1_024 ** step;
  return `${figure >= 10 || step === 0 ? Math.round(figure) : Math.round(figure * 10) / 10} ${units[step]}`;
}
