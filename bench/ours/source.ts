/**
 * A module of the program, by its path in src/. bench/ is a package of its own, so the program's # names are not known here;
 * what is used of it is described by hand, and a run fails where it is no longer so.
 */
export async function source<T>(path: string): Promise<T> {
  return (await import(new URL(`src/${path}`, ROOT).href)) as T;
}

/** The repository's root. */
export const ROOT = new URL('../../', import.meta.url);
