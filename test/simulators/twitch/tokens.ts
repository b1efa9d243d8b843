import { randomBytes } from 'node:crypto';
import type { Account } from './world.ts';

/** An application as it is registered in the developer console. */
export interface App {
  id: string;
  secret: string;
}

export interface Access {
  token: string;
  app: string;
  /** Nobody, for a token of the application itself. */
  account?: Account;
  scopes: string[];
  /** In ms. */
  expiresAt: number;
}

/** What an account allowed an application: refresh tokens, codes and device codes all lead to one. */
export interface Grant {
  app: string;
  account: Account;
  scopes: string[];
}

export interface TokenSettings {
  /** How long access tokens live, in seconds. */
  lifetime: number;
  /** Every refresh gives a new refresh token and ends the old one. */
  rotate: boolean;
  /** Any client id, secret and refresh token of the right form is taken, as one of the bot. */
  anyToken: boolean;
}

export interface Tokens {
  settings: TokenSettings;
  knowsApp(id: string): boolean;
  isSecret(id: string, secret: string): boolean;
  issue(app: string, scopes: string[], account?: Account): Access;
  /** The access behind a token, while it works. */
  find(token: string): Access | undefined;
  revoke(token: string): boolean;
  /** Every access token stops working. */
  expireAll(): void;
  /** Every refresh token stops working, as after a person disconnected the application. */
  revokeGrants(): void;
  grants: {
    refresh: Map<string, Grant>;
    codes: Map<string, Grant & { redirect: string }>;
    devices: Map<string, Device>;
  };
  /** Keeps a grant under a new refresh token. */
  keepGrant(grant: Grant): string;
  /** Finds what a refresh token stands for. */
  grantOf(refresh: string, app: string): Grant | undefined;
}

/** A device that waits for a person; `account` is set once one agreed. */
export interface Device {
  app: string;
  userCode: string;
  scopes: string[];
  account?: Account;
}

/** The sample application and the bot's refresh token, of the form that Twitch's have. */
export const SAMPLE = {
  id: 'samplesamplesamplesampleclient',
  secret: 'samplesamplesamplesamplesecret',
  refresh: 'samplesamplesamplesamplesamplesamplesamplerefresh0',
};

/** What the bot's account allowed the sample application. */
const BOT_SCOPES = ['chat:read', 'chat:edit', 'user:read:chat', 'user:write:chat', 'user:bot'].concat(
  ['user:read:moderated_channels', 'moderator:read:chatters', 'moderator:read:followers'],
  ['moderator:manage:chat_messages', 'moderator:manage:banned_users', 'moderator:manage:chat_settings'],
);

const FORM = { app: /^[a-z0-9]{30}$/, refresh: /^[a-z0-9]{50}$/ };

export function createTokens(bot: Account, clock: () => number, settings: TokenSettings): Tokens {
  const access = new Map<string, Access>();
  const botGrant: Grant = { app: SAMPLE.id, account: bot, scopes: BOT_SCOPES };
  const refresh = new Map([[SAMPLE.refresh, botGrant]]);
  let anyRefresh = settings.anyToken;
  return {
    settings,
    knowsApp: (id) => id === SAMPLE.id || (settings.anyToken && FORM.app.test(id)),
    isSecret: (id, secret) =>
      (id === SAMPLE.id && secret === SAMPLE.secret) || (settings.anyToken && FORM.app.test(secret)),
    issue(app, scopes, account) {
      const expiresAt = clock() + settings.lifetime * 1_000;
      const made: Access = { token: secretOf(30), app, scopes, expiresAt, ...(account ? { account } : {}) };
      return remember(access, made.token, made);
    },
    find: (token) => {
      const found = access.get(token);
      return found && found.expiresAt > clock() ? found : undefined;
    },
    revoke: (token) => access.delete(token),
    expireAll: () => access.clear(),
    revokeGrants() {
      refresh.clear();
      anyRefresh = false;
    },
    grants: { refresh, codes: new Map(), devices: new Map() },
    keepGrant(grant) {
      const token = secretOf(50);
      remember(refresh, token, grant);
      return token;
    },
    grantOf(token, app) {
      const found = refresh.get(token);
      if (found) return found.app === app || settings.anyToken ? found : undefined;
      return anyRefresh && FORM.refresh.test(token) ? { ...botGrant, app } : undefined;
    },
  };
}

/** Small letters and digits, as in Twitch's own. */
export function secretOf(length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('');
}

/** Maps forget their oldest, as lists do. */
export function remember<T>(map: Map<string, T>, key: string, value: T): T {
  map.set(key, value);
  const oldest = map.size > KEPT ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
  return value;
}

const KEPT = 5_000;
