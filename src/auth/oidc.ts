import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientError,
  ClientSecretPost,
  clockTolerance,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  type Configuration,
} from 'openid-client';
import { AppError, badRequest } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { isLoopback } from '#core/loopback.ts';

/** Another service that people sign in by: Google, or any issuer of OpenID Connect. https://openid.net/specs/openid-connect-core-1_0.html */
export interface Oidc {
  /** As it stands in identities. */
  platform: string;
  /** How people call it. */
  name: string;
  /** Where to send the browser. 503 `issuer-away`. */
  address(asked: { redirectUri: string; state: string; nonce: string; challenge: string }): Promise<string>;
  /** Who comes back by this address. Refuses whoever it does not prove. */
  person(cameBack: URL, proof: { state: string; nonce: string; verifier: string }): Promise<OidcPerson>;
}

/** Who somebody is there. Their e-mail address is not asked for: it proves nothing here. */
export interface OidcPerson {
  subject: string;
  /** Empty where it does not tell. */
  name: string;
}

export interface OidcSettings {
  issuer: string;
  clientId: string;
  clientSecret: string;
}

export function oidcOf(settings: OidcSettings): Oidc {
  const { issuer } = settings;
  const name = nameOfIssuer(issuer);
  const configuration = keptFor(LIMITS.oidcDiscoveryMs, () => discover(settings, name));
  return {
    platform: `oidc:${issuer}`,
    name,
    async address({ redirectUri, state, nonce, challenge }) {
      const asked = { redirect_uri: redirectUri, scope: 'openid profile', state, nonce };
      const pkce = { code_challenge: challenge, code_challenge_method: 'S256' };
      return buildAuthorizationUrl(await configuration(), { ...asked, ...pkce }).href;
    },
    async person(cameBack, { state, nonce, verifier }) {
      if (cameBack.searchParams.has('error')) throw notAgreed(cameBack.searchParams.get('error') ?? '', name);
      const config = await configuration();
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const tokens = await authorizationCodeGrant(config, cameBack, checks).catch((error: unknown) => {
        throw notProved(error, name);
      });
      const claims = tokens.claims();
      if (!claims) throw notProved(undefined, name);
      const told = nameIn(claims) || nameIn(await userInfo(config, tokens.access_token, claims.sub));
      return { subject: claims.sub, name: told };
    },
  };
}

/** As people write it: Google by its name, another by its host. */
function nameOfIssuer(issuer: string): string {
  const { hostname } = new URL(issuer);
  return hostname === 'accounts.google.com' ? 'Google' : hostname;
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings, name: string): Promise<Configuration> {
  const url = new URL(issuer);
  // Its signatures are looked at too, not only where the answer came from.
  const execute = [enableNonRepudiationChecks];
  // The settings let only an issuer of this machine be without encryption.
  if (url.protocol === 'http:' && isLoopback(url.hostname)) execute.push(allowInsecureRequests);
  const client = { client_secret: clientSecret, [clockTolerance]: LIMITS.oidcClockSeconds };
  try {
    const options = { execute, timeout: LIMITS.oidcSeconds };
    return await discovery(url, clientId, client, ClientSecretPost(clientSecret), options);
  } catch (error) {
    throw away(name, error);
  }
}

/** What was found, for a while. Those who ask at once share one look; one that failed is not kept. */
function keptFor<T>(ms: number, look: () => Promise<T>): () => Promise<T> {
  let kept: { found: Promise<T>; until: number } | undefined;
  return () => {
    if (kept && performance.now() < kept.until) return kept.found;
    const mine = { found: look(), until: performance.now() + ms };
    kept = mine;
    mine.found.catch(() => {
      if (kept === mine) kept = undefined;
    });
    return mine.found;
  };
}

/** Some issuers put no names into what they sign. Without one the person is called by a name that they can change. */
async function userInfo(config: Configuration, token: string, subject: string): Promise<Record<string, unknown>> {
  if (config.serverMetadata().userinfo_endpoint === undefined) return {};
  return fetchUserInfo(config, token, subject).catch(() => ({}));
}

function nameIn(claims: Record<string, unknown>): string {
  const told = [claims['name'], claims['preferred_username']].find(
    (one) => typeof one === 'string' && one.trim() !== '',
  );
  return String(told ?? '').trim();
}

function away(name: string, cause: unknown): AppError {
  const detail = `${name} does not answer, so it cannot vouch for anybody now. Try again in a minute.`;
  const error = new AppError({ status: 503, code: 'issuer-away', detail, fault: 'platform', retryAfter: 60 });
  return Object.assign(error, { cause });
}

function notAgreed(said: string, name: string): AppError {
  if (said === 'access_denied') return badRequest('issuer-denied', `You did not agree at ${name}. Nothing was done.`);
  return badRequest('issuer-refused', `${name} refused this. Nothing was done. Begin again.`);
}

/** oauth4webapi's code for a token that is too old or from the future. */
const TIMESTAMP = 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';
const NO_ANSWER: ReadonlySet<string> = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT']);

function notProved(error: unknown, name: string): AppError {
  const code = error instanceof ClientError ? error.code : undefined;
  if (code !== undefined && NO_ANSWER.has(code)) return away(name, error);
  if (error instanceof TypeError) return away(name, error);
  if (code === TIMESTAMP) return clocks(name, error);
  return Object.assign(
    badRequest('issuer-not-proved', `What came back from ${name} does not prove who you are. Begin again.`),
    { cause: error },
  );
}

/** The operator has to know: nobody can sign in. */
function clocks(name: string, cause: unknown): AppError {
  const detail = `The clock here and the one of ${name} differ too much. The operator can set this one right.`;
  return Object.assign(new AppError({ status: 503, code: 'issuer-clock', detail, fault: 'ours' }), { cause });
}
