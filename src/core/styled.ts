import type { Style } from './message.ts';

/** How commands are written where nothing else is said: in the web chat and over HTTP. */
export const PLAIN: Style = { sign: '/' };

/** A command's name as it is typed on a platform, such as `/stock`. */
export function named({ name }: { name: string }, style: Style = PLAIN): string {
  return style.sign + name;
}

/** A line such as `/stock aapl.us` as it is typed on a platform: `!stock aapl.us`, `@Guildhall stock aapl.us`. */
export function styled(line: string, style: Style = PLAIN): string {
  return line.startsWith('/') ? style.sign + line.slice(1) : line;
}
