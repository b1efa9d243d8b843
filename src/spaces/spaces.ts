import type { CodeParts } from '#auth/one-time-codes.ts';
import type { PlaceHealth } from '#core/place-health.ts';
import type { PlatformApp } from '#storage/platform-apps.ts';

/** What every act with places needs. */
export interface SpaceParts extends CodeParts {
  /** How a platform is now, in whatever process it runs; undefined where it runs nowhere. */
  health(platform: string): PlatformNow | undefined;
}

/** A platform as the processes see it. */
export interface PlatformNow {
  state: 'up' | 'standby' | 'starting' | 'silent' | 'refused' | 'down';
  why?: string;
  heardAt?: number;
  /** Places that do not work while the others do, by the platform's id or name of them: why. */
  places?: Record<string, string>;
}

export type { PlaceHealth, PlatformApp };

/** Platforms that have places. */
export const PLATFORMS = ['discord', 'slack', 'twitch'] as const;
export type PlatformName = (typeof PLATFORMS)[number];

/** As people write it. */
export function nameOf(platform: string): string {
  return platform.slice(0, 1).toUpperCase() + platform.slice(1);
}
