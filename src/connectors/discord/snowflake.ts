/** Ids hold the ms since Discord's epoch above 22 bits. https://discord.com/developers/docs/reference#snowflakes */
const EPOCH_MS = 1_420_070_400_000;
const BITS = 22n;

/** The id that something of that moment would have at least. */
export function idAt(ms: number): string {
  return String(BigInt(Math.max(0, Math.floor(ms) - EPOCH_MS)) << BITS);
}

/** ms since 1970. */
export function madeAt(id: string): number {
  return Number(BigInt(id) >> BITS) + EPOCH_MS;
}

export function isLater(id: string, than: string): boolean {
  return BigInt(id) > BigInt(than);
}
