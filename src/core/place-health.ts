/**
 * How a place on a platform is, in words of people. live: commands are answered there. waiting: its platform is being reached
 * again. refused: somebody has to do something. removed: the bot is there no more. off: no process serves the platform.
 */
export const PLACE_STATES = ['live', 'waiting', 'refused', 'removed', 'off'] as const;

export interface PlaceHealth {
  state: (typeof PLACE_STATES)[number];
  /** What is wrong, and what mends it. */
  why?: string;
  /** When the platform was last heard, ms since 1970. */
  heardAt?: number;
}
