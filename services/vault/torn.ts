import type { ProviderRequest } from '#contracts/vault.ts';
import type { Provider, ProviderSettings, Signal } from './providers.ts';

/** Torn's API, version 2, which only reads: https://www.torn.com/swagger.php */
export function torn({ tornUrl }: Pick<ProviderSettings, 'tornUrl'>): Provider {
  return {
    name: 'torn',
    base: new URL(tornUrl),
    pace: PACE,
    call: { allows, headers: (secret) => ({ authorization: `ApiKey ${secret}` }), reads },
  };
}

/**
 * A person may ask 100 times in any minute over all their keys, an address 1,000 times: https://www.torn.com/api.html.
 * A tenth of both is left to what else people use.
 */
const PACE = { key: { perMinute: 90, burst: 20 }, all: { perMinute: 900, burst: 100 } };

function allows({ method, path, query = {}, body }: ProviderRequest): boolean {
  return method === 'GET' && body === undefined && PATH.test(path) && Object.keys(query).every(isParameter);
}

/** Names and numbers alone: no dots, nothing encoded, no empty part. */
const PATH = /^\/v2\/(?:user|faction|company|market|racing|forum|property|key|torn)(?:\/[A-Za-z0-9_-]{1,60}){0,5}$/;

/** Torn takes a key as a parameter too; there is one key here, and it goes where this list says. */
const isParameter = (name: string): boolean => /^[A-Za-z0-9_.-]{1,60}$/.test(name) && name.toLowerCase() !== 'key';

/** Errors come with status 200 too, as `{"error":{"code":5,"error":"Too many requests"}}`. */
function reads({ body }: { body: string }): Signal | undefined {
  return body.length > ERROR_LENGTH ? undefined : SIGNALS[errorCode(body) ?? -1];
}

/** Characters: an error is a sentence. */
const ERROR_LENGTH = 1_000;

/** The numbers of https://www.torn.com/api.html. What is not here is an answer like any other. */
const SIGNALS: Record<number, Signal> = {
  /** The key is wrong. */
  2: { is: 'refuses' },
  /** Too many requests. */
  5: { is: 'limited', whom: 'key' },
  /** This address is banned for a while. */
  8: { is: 'limited', whom: 'all' },
  /** The API is off. */
  9: { is: 'limited', whom: 'all' },
  /** The key's owner is in federal jail. */
  10: { is: 'refuses' },
  /** The key's owner was away for more than seven days. */
  13: { is: 'refuses' },
  /** The key's owner paused it. */
  18: { is: 'refuses' },
};

function errorCode(body: string): number | undefined {
  try {
    const { error }: { error?: { code?: unknown } } = JSON.parse(body) ?? {};
    return typeof error?.code === 'number' ? error.code : undefined;
  } catch {
    return undefined;
  }
}
