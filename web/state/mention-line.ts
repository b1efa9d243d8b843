/** The `@name` that is being typed at the caret. */
export type MentionTyped = { from: number; query: string };

const TYPED = /(?<![\w@.-])@([a-z0-9_.-]{0,30})$/i;

/** Null where the caret is not in an `@name`. */
export function mentionAt(text: string, caret: number): MentionTyped | null {
  const found = TYPED.exec(text.slice(0, caret));
  return found ? { from: found.index, query: (found[1] ?? '').toLowerCase() } : null;
}

/** The text after a person was chosen, and where the caret then stands. */
export function mentioned(
  text: string,
  at: { typed: MentionTyped; username: string },
): { text: string; caret: number } {
  const before = `${text.slice(0, at.typed.from)}@${at.username} `;
  const after = text.slice(at.typed.from + 1 + at.typed.query.length).replace(/^ /, '');
  return { text: before + after, caret: before.length };
}

/** People whose username or a word of whose name begins so; those who are here first. */
export function matching<P extends { username: string; name: string; here?: boolean }>(
  people: P[],
  query: string,
): P[] {
  const begins = (person: P) =>
    [person.username, ...person.name.split(/\s+/)].some((word) => word.toLowerCase().startsWith(query));
  return people.filter(begins).toSorted((a, b) => Number(b.here ?? false) - Number(a.here ?? false));
}
