import { z } from 'zod';
import { addressOf, askPlatform, form, giveBack, type Prover, type ProverApp } from './proof.ts';

/** Who somebody is on Discord: https://discord.com/developers/docs/topics/oauth2#authorization-code-grant */
export function discordProver(app: ProverApp & { apiUrl: string }): Prover {
  const { clientId, clientSecret, apiUrl } = app;
  const api = `${apiUrl}/v10`;
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  return {
    platform: 'discord',
    address: ({ redirect, state, challenge }) =>
      addressOf(`${apiUrl.replace(/\/api$/, '')}/oauth2/authorize`, {
        response_type: 'code',
        client_id: clientId,
        scope: 'identify',
        redirect_uri: redirect,
        state,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        // Whom the browser knows is asked again: it may be somebody else's.
        prompt: 'consent',
      }),
    async identify({ code, redirect, verifier }) {
      const grant = { grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier };
      const asked = { url: `${api}/oauth2/token`, ...form(grant), headers: { authorization } };
      const { access_token: token } = await askPlatform('Discord', asked, Token);
      const me = { url: `${api}/users/@me`, headers: { authorization: `Bearer ${token}` } };
      const user = await askPlatform('Discord', me, User).finally(() =>
        giveBack(`${api}/oauth2/token/revoke`, { ...form({ token }), headers: { authorization } }),
      );
      return { platformId: user.id, name: user.global_name ?? user.username };
    },
  };
}

const Token = z.object({ access_token: z.string().min(1) });
const User = z.object({
  id: z.string().regex(/^\d{1,20}$/),
  username: z.string().min(1),
  global_name: z.string().nullish(),
});
