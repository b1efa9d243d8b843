/** Lets through once in `ms` for each key. Bounded: what was let through longest ago is forgotten. `now` in the same ms. */
export function sparing(ms: number, most: number): (key: string, now: number) => boolean {
  const last = new Map<string, number>();
  return (key, now) => {
    if (now - (last.get(key) ?? -Infinity) < ms) return false;
    last.delete(key);
    last.set(key, now);
    if (last.size > most) last.delete(last.keys().next().value as string);
    return true;
  };
}
