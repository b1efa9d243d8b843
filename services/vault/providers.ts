import type { ProviderRequest } from '#contracts/vault.ts';
import { discord } from './discord.ts';
import { slack } from './slack.ts';
import { torn } from './torn.ts';
import { twitch } from './twitch.ts';

/** Everybody that the vault ever asks, by name. Who is not here is never called. */
export function providersOf(settings: ProviderSettings): Map<string, Provider> {
  return new Map([torn(settings), twitch(settings), discord(), slack()].map((provider) => [provider.name, provider]));
}

/** Addresses, each with whatever path stands before the provider's own. */
export interface ProviderSettings {
  tornUrl: string;
  twitchAuthUrl: string;
  twitchClientId?: string | undefined;
  twitchClientSecret?: string | undefined;
}

/** How many requests in any minute at most, and how many of these may go at once after a quiet one. */
export interface Pace {
  perMinute: number;
  burst: number;
}

/** `call`: takes requests with a secret. `lease`: gives a short-lived token for one. `whole`: has no such tokens. */
export interface Provider {
  name: string;
  base: URL;
  pace: { key: Pace; all: Pace };
  call?: CallRules;
  lease?: LeaseRules;
  whole?: WholeRules;
}

export interface CallRules {
  /** Whether this is one of the requests on the list. */
  allows(request: ProviderRequest): boolean;
  /** What carries the secret. */
  headers(secret: string): Record<string, string>;
  /** What the provider says of the key or of its own limits, beside the answer itself. */
  reads(answer: { status: number; body: string }): Signal | undefined;
}

/** limited: leave the key, or the provider, alone for a while. refuses: the provider does not take this key. */
export type Signal = { is: 'limited'; whom: 'key' | 'all' } | { is: 'refuses' };

/** How a refresh token becomes an access token: https://www.rfc-editor.org/rfc/rfc6749.html#section-6 */
export interface LeaseRules {
  /** Behind the base. */
  path: string;
  /** Undefined where the operator set no application: then nothing can be leased. */
  client: { id: string; secret: string } | undefined;
}

/** The secret of an application is all that its connection can be made with: it is given as it is, where it was kept for that. */
export interface WholeRules {
  isFor(purpose: string): boolean;
  /** What its owners' ids begin with: nobody's own secret is ever given. */
  owners: string;
  /** ms that whoever was given it may keep it. */
  forMs: number;
}

/** A secret goes to the provider it was kept for: its purpose is the provider's name, or that and a dash and more. */
export function isMeantFor(purpose: string, { name }: Provider): boolean {
  return purpose === name || purpose.startsWith(`${name}-`);
}

/** The address of a path of the list, behind the base. */
export function addressOf({ base }: Provider, path: string, query: Record<string, string> = {}): URL {
  const url = new URL(base);
  url.pathname = base.pathname.replace(/\/+$/, '') + path;
  url.search = new URLSearchParams(query).toString();
  return url;
}
