import { z } from 'zod';
import { addressOf, askPlatform, form, giveBack, type ProverApp } from '#auth/proof.ts';
import { AppError, conflict } from '#core/errors.ts';

/** "Add to Slack": https://docs.slack.dev/authentication/installing-with-oauth/ . Errors come with status 200. */
export interface SlackInstaller {
  /** Where somebody chooses a workspace and agrees. `redirect`: as it is registered at Slack, exactly. */
  address(asked: { redirect: string; state: string }): string;
  /** Redeems what came back, once. 409 where Slack gave what the bot cannot use, 502 `slack-failed`. */
  install(came: { code: string; redirect: string }): Promise<Installed>;
  /** Ends the token that nobody will use. Never rejects. */
  giveBack(token: string): Promise<void>;
}

/** The bot in a workspace. */
export interface Installed {
  /** `xoxb-…`. */
  token: string;
  team: { id: string; name: string };
  /** Whether whoever installed it is an owner or admin of the workspace, by Slack's own word. */
  byAdmin: boolean;
}

export function slackInstaller({ clientId, clientSecret, apiUrl, scopes }: InstallerApp): SlackInstaller {
  const api = apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`;
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const back = (token: string): Promise<void> => giveBack(`${api}auth.revoke`, bearer(token));
  return {
    address: ({ redirect, state }) =>
      addressOf(`${api.replace(/api\/$/, '')}oauth/v2/authorize`, {
        client_id: clientId,
        scope: scopes.join(','),
        redirect_uri: redirect,
        state,
      }),
    async install({ code, redirect }) {
      const app = { client_id: clientId, client_secret: clientSecret };
      const asked = { url: `${api}oauth.v2.access`, ...form({ ...app, code, redirect_uri: redirect }) };
      const { access_token: token, team, authed_user: by, ...more } = await ask(asked, Granted);
      const refusal = refusalOf({ team, ...more });
      if (refusal || !team) return back(token).then(() => Promise.reject(refusal ?? ofOrganisation()));
      const info = { url: `${api}users.info`, ...form({ user: by.id }), ...bearer(token) };
      const { user } = await ask(info, Told);
      const byAdmin = user.is_admin === true || user.is_owner === true || user.is_primary_owner === true;
      return { token, team, byAdmin };
    },
    giveBack: back,
  };
}

export interface InstallerApp extends ProverApp {
  /** SLACK_API_URL. */
  apiUrl: string;
  /** What the bot needs. */
  scopes: readonly string[];
}

/** https://docs.slack.dev/reference/methods/oauth.v2.access */
const Granted = z.object({
  ok: z.literal(true),
  access_token: z.string().regex(/^[\x21-\x7e]{1,2000}$/),
  team: z.object({ id: z.string().regex(/^T[A-Z0-9]{1,30}$/), name: z.string().min(1).max(200) }).nullish(),
  authed_user: z.object({ id: z.string().regex(/^[UW][A-Z0-9]+$/) }),
  is_enterprise_install: z.boolean().nullish(),
  /** Seconds, where the app's tokens rotate. */
  expires_in: z.number().nullish(),
});

/** https://docs.slack.dev/reference/methods/users.info */
const Told = z.object({
  ok: z.literal(true),
  user: z.object({
    is_admin: z.boolean().optional(),
    is_owner: z.boolean().optional(),
    is_primary_owner: z.boolean().optional(),
  }),
});

async function ask<T>(asked: RequestInit & { url: string }, shape: z.ZodType<T>): Promise<T> {
  try {
    return await askPlatform('Slack', asked, shape);
  } catch (error) {
    throw notAdded((error as Error).cause);
  }
}

function refusalOf(told: Pick<z.infer<typeof Granted>, 'team' | 'is_enterprise_install' | 'expires_in'>) {
  if (told.is_enterprise_install === true || !told.team) return ofOrganisation();
  return told.expires_in === undefined || told.expires_in === null ? undefined : rotating();
}

function ofOrganisation(): AppError {
  return conflict(
    'whole-organisation',
    'That was an installation for a whole organisation. Add the app to one workspace of it instead.',
  );
}

function rotating(): AppError {
  return conflict(
    'token-rotation',
    'Token rotation is on for the Slack app of this hall, and a workspace would be lost with its first token. The operator has to make the app anew from the manifest: docs/slack.md.',
  );
}

/** `cause` says for the log which call failed; it holds neither code nor token. */
function notAdded(cause: unknown): AppError {
  const detail = 'Slack did not give this hall a place in that workspace. Nothing was added. Try again in a minute.';
  const error = new AppError({ status: 502, code: 'slack-failed', detail, fault: 'platform' });
  error.cause = cause;
  return error;
}
