/** Whether a name comes for the first time. Remembers the last thousand or more, so that memory stays bounded. */
export function onceOf(): (name: string) => boolean {
  let [recent, older] = [new Set<string>(), new Set<string>()];
  return (name) => {
    if (recent.has(name) || older.has(name)) return false;
    recent.add(name);
    if (recent.size >= 1_000) [recent, older] = [new Set(), recent];
    return true;
  };
}
