import { CHAT_SCOPES } from './twitch.external.ts';
import { refreshToken, SignInRefused, TokenExpired, validateToken, type Application } from './sign-in.ts';
import { TEXTS } from './texts.ts';

/** A token that works, and whose it is. */
export interface Access {
  token: string;
  login: string;
  userId: string;
  scopes: readonly string[];
}

/**
 * Holds the bot's tokens, in memory only. Everything throws `SignInRefused` where trying again is of no use, else `Trouble`.
 */
export class AccessKeeper {
  readonly #app: Application;
  #refresh: string;
  #access: Access | undefined;
  #renewing: Promise<Access> | undefined;

  constructor(app: Application, refresh: string) {
    this.#app = app;
    this.#refresh = refresh;
  }

  /** The bot itself, once it signed in. */
  get known(): Access | undefined {
    return this.#access;
  }

  async current(): Promise<Access> {
    return this.#access ?? this.renew();
  }

  /** Another token in place of `stale`. Who comes while one is fetched gets the same; who comes later gets what is there. */
  renew(stale?: Access): Promise<Access> {
    if (this.#access && this.#access !== stale) return Promise.resolve(this.#access);
    this.#renewing ??= this.#fetchNew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** Twitch asks for this once an hour. A token that does not work any more is replaced. */
  async check(): Promise<void> {
    const access = await this.current();
    try {
      await validateToken(this.#app, access.token);
    } catch (error) {
      if (!(error instanceof TokenExpired)) throw error;
      await this.renew(access);
    }
  }

  async #fetchNew(): Promise<Access> {
    const { access_token: token, refresh_token: next } = await refreshToken(this.#app, this.#refresh);
    if (next) this.#refresh = next;
    const { login, user_id: userId, scopes } = await validateToken(this.#app, token).catch(refuseExpired);
    const missing = CHAT_SCOPES.filter((scope) => !scopes?.includes(scope));
    if (missing.length > 0) throw new SignInRefused(TEXTS.missingScopes(missing));
    this.#access = { token, login, userId, scopes: scopes ?? [] };
    return this.#access;
  }
}

/** A token that is over the moment it was given will not get better. */
function refuseExpired(error: unknown): never {
  throw error instanceof TokenExpired ? new SignInRefused(TEXTS.refusedToken('401 invalid access token')) : error;
}
