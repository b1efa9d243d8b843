/** One of twelve hues, from the id, so that a name keeps its colour when it changes. */
export function hueOf(id: string): number {
  let hash = 2_166_136_261;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return (hash >>> 0) % 12;
}

/** Two letters: of the first and last word, or the first two of one word. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s_.-]+/).filter(Boolean);
  const first = [...(words[0] ?? '?')];
  const last = [...(words.at(-1) ?? '')];
  const letters = words.length > 1 ? `${first[0]}${last[0]}` : first.slice(0, 2).join('');
  return letters.toUpperCase();
}

/** The letters on a community’s door: of its first two words. */
export function doorLettersOf(name: string): string {
  return initialsOf(name.split(/\s+/).filter(Boolean).slice(0, 2).join(' '));
}
