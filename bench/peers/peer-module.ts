/** A peer's package, which a plain `npm ci` of the program does not install; so it is named late and described by hand. */
export async function peerModule<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}
