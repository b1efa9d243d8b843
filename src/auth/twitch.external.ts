import { z } from 'zod';
import { addressOf, askPlatform, form, giveBack, notProved, type Prover, type ProverApp } from './proof.ts';

/** Who somebody is on Twitch: https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/#authorization-code-grant-flow */
export function twitchProver({ clientId, clientSecret, authUrl }: ProverApp & { authUrl: string }): Prover {
  return {
    platform: 'twitch',
    address: ({ redirect, state }) =>
      addressOf(`${authUrl}/authorize`, {
        response_type: 'code',
        client_id: clientId,
        scope: '',
        redirect_uri: redirect,
        state,
        // Whom the browser knows is asked again: it may be somebody else's.
        force_verify: 'true',
      }),
    async identify({ code, redirect }) {
      const app = { client_id: clientId, client_secret: clientSecret };
      const grant = { ...app, grant_type: 'authorization_code', code, redirect_uri: redirect };
      const { access_token: token } = await askPlatform('Twitch', { url: `${authUrl}/token`, ...form(grant) }, Token);
      const asked = { url: `${authUrl}/validate`, headers: { authorization: `OAuth ${token}` } };
      const valid = await askPlatform('Twitch', asked, Valid).finally(() =>
        giveBack(`${authUrl}/revoke`, form({ client_id: clientId, token })),
      );
      // A token of another application proves nothing to this one.
      if (valid.client_id !== clientId) throw notProved('Twitch', new Error('the token is another application’s'));
      return { platformId: valid.user_id, name: valid.login };
    },
  };
}

/** `scope` is a list here, and not a text as elsewhere: it is not read. */
const Token = z.object({ access_token: z.string().min(1) });
const Valid = z.object({ client_id: z.string(), user_id: z.string().regex(/^\d{1,20}$/), login: z.string().min(1) });
