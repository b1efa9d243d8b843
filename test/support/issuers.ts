import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createEmulator } from 'emulate';
import Provider from 'oidc-provider';
import { freePort } from './free-port.ts';

/** Real OpenID Connect servers on loopback. A person there is signed in already and agrees to everything. */
export interface Issuer {
  url: string;
  /** What the hall is told of it. */
  settings: Record<string, string>;
  /** Follows an address there as the person's browser does, to the address that it leads back to. */
  goThere(address: string): Promise<string>;
  stop(): Promise<void>;
}

const CLIENT = { id: 'guildhall-tests', secret: 'a-secret-of-the-tests-and-nobody-else' };

export interface OwnIssuer extends Issuer {
  /** Who is signed in there. */
  who: { id: string; name: string };
}

/** An issuer by npm's oidc-provider, for one hall at `hall`. */
export async function startIssuer(hall: string): Promise<OwnIssuer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const issuer: OwnIssuer = { ...common(url), who: { id: 'sub-ann', name: 'Ann Lee' }, stop };
  const provider = new Provider(url, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${hall}/v1/signin/oidc/callback`],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    cookies: { keys: ['tests'] },
    claims: { openid: ['sub'], profile: ['name'] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, name: issuer.who.name }) }),
    ttl: { IdToken: 600, AccessToken: 600, Grant: 600, Interaction: 600, Session: 600 },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/agree/${uid}` },
  });
  const handle = provider.callback();
  const server = createServer((request, response) => {
    const agreed = request.url?.startsWith('/agree/') ? agree(provider, issuer, { request, response }) : undefined;
    void (agreed ?? handle(request, response)).catch(() => response.destroy());
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  async function stop(): Promise<void> {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  return issuer;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** Stands for the pages where people sign in and agree. */
async function agree(provider: Provider, { who }: OwnIssuer, { request, response }: Exchange): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') return provider.interactionFinished(request, response, { login: { accountId: who.id } });
  const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) });
  grant.addOIDCScope(String(params['scope']));
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

/** Google's own addresses and answers, by npm's emulate. Its person is Ann Lee. */
export async function startGoogle(hall: string): Promise<Issuer> {
  const redirect_uris = [`${hall}/v1/signin/oidc/callback`];
  const client = { client_id: CLIENT.id, client_secret: CLIENT.secret, name: 'Guildhall', redirect_uris };
  const google = await createEmulator({
    service: 'google',
    port: await freePort(),
    seed: { google: { users: [{ email: ANN, name: 'Ann Lee' }], oauth_clients: [client] } },
  });
  return { ...common(google.url), goThere: chooseAccount, stop: () => google.close() };
}

function common(url: string) {
  const settings = { OIDC_ISSUER: url, OIDC_CLIENT_ID: CLIENT.id, OIDC_CLIENT_SECRET: CLIENT.secret };
  return { url, settings, goThere: (address: string) => follow(url, address) };
}

/** A browser with cookies that stays at the issuer. */
async function follow(issuer: string, address: string): Promise<string> {
  const cookies = new Map<string, string>();
  let at = address;
  while (at.startsWith(issuer)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const one of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (one.split(';')[0] ?? '').split(/=(.*)/s);
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${at}: ${response.status} ${await response.text()}`);
    at = new URL(location, at).href;
  }
  return at;
}

/** The page there has a form with a button for each account: Ann's is pressed. */
async function chooseAccount(address: string): Promise<string> {
  const page = await (await fetch(address)).text();
  const form = page.split('<form').find((one) => one.includes(ANN)) ?? '';
  const fields = [...form.matchAll(/name="([^"]+)"\s+value="([^"]*)"/g)];
  const body = new URLSearchParams();
  for (const [, name = '', value = ''] of fields) body.set(name, value.replaceAll('&amp;', '&'));
  const action = /action="([^"]+)"/.exec(form)?.[1] ?? '';
  const response = await fetch(new URL(action, address), { method: 'POST', body, redirect: 'manual' });
  const back = response.headers.get('location');
  if (back === null) throw new Error(`${response.status}: ${page}`);
  return back;
}

const ANN = 'ann@example.org';
