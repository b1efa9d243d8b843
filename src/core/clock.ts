/** Now, in ms since 1970. An argument wherever time matters, so that tests can hold it. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** RFC 3339, UTC, as every time leaves us. */
export function toRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
