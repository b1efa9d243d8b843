import { z } from 'zod';
import { addressOf, askPlatform, form, giveBack, notProved, type Prover, type ProverApp } from './proof.ts';

/** Who somebody is on Slack: https://docs.slack.dev/authentication/sign-in-with-slack/ . Errors come with status 200. */
export function slackProver({ clientId, clientSecret, apiUrl }: ProverApp & { apiUrl: string }): Prover {
  const api = apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`;
  return {
    platform: 'slack',
    address: ({ redirect, state, nonce }) =>
      addressOf(`${api.replace(/api\/$/, '')}openid/connect/authorize`, {
        response_type: 'code',
        client_id: clientId,
        scope: 'openid profile',
        redirect_uri: redirect,
        state,
        nonce,
      }),
    async identify({ code, redirect, nonce }) {
      const app = { client_id: clientId, client_secret: clientSecret };
      const grant = { ...app, grant_type: 'authorization_code', code, redirect_uri: redirect };
      const asked = { url: `${api}openid.connect.token`, ...form(grant) };
      const { access_token: token, id_token: signed } = await askPlatform('Slack', asked, Token);
      const claims = claimsOf(signed);
      const headers = { authorization: `Bearer ${token}` };
      const me = { url: `${api}openid.connect.userInfo`, method: 'POST', headers };
      const user = await askPlatform('Slack', me, User).finally(() => giveBack(`${api}auth.revoke`, { headers }));
      const isOurs = claims?.nonce === nonce && claims.aud === clientId && claims.sub === user.sub;
      if (!isOurs) throw notProved('Slack', new Error('the identity is not the one that was asked for'));
      return { platformId: user[USER], name: user.name ?? user[USER], space: user[TEAM] };
    },
  };
}

const USER = 'https://slack.com/user_id';
const TEAM = 'https://slack.com/team_id';
const Token = z.object({ ok: z.literal(true), access_token: z.string().min(1), id_token: z.string() });
const User = z.object({
  ok: z.literal(true),
  sub: z.string(),
  name: z.string().optional(),
  [USER]: z.string().regex(/^[UW][A-Z0-9]+$/),
  [TEAM]: z.string().regex(/^T[A-Z0-9]+$/),
});
const Claims = z.object({ sub: z.string(), aud: z.string(), nonce: z.string().optional() });

/**
 * What the identity token claims. It came over TLS from Slack itself, in answer to our secret: its signature would tell no more.
 * https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation (3.1.3.7, 6)
 */
function claimsOf(token: string): z.infer<typeof Claims> | undefined {
  try {
    const [, claims = ''] = token.split('.');
    return Claims.parse(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
}
