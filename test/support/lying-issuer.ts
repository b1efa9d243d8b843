import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An issuer of sign-ins that says of people what the test tells it to say, right or wrong. */
export interface LyingIssuer {
  url: string;
  /** What the next token claims beside what is right, its header, and the key that signs it. */
  says: { claims?: Record<string, unknown>; header?: Record<string, unknown>; key?: KeyObject };
  stop(): Promise<void>;
}

export async function startLyingIssuer(right: { client: string; nonce: string }): Promise<LyingIssuer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const server = createServer((request, response) => {
    const answer = answers[new URL(request.url ?? '/', issuer.url).pathname]?.() ?? {};
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: LyingIssuer = {
    url,
    says: {},
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const answers: Record<string, () => unknown> = {
    '/.well-known/openid-configuration': () => ({
      issuer: url,
      authorization_endpoint: `${url}/auth`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/keys`,
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    '/keys': () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }] }),
    '/token': () => {
      const now = Math.floor(Date.now() / 1000);
      const good = { iss: url, sub: 'ann', aud: right.client, nonce: right.nonce, iat: now, exp: now + 300 };
      const header = { alg: 'RS256', kid: 'one', ...issuer.says.header };
      const id_token = signed(header, { ...good, ...issuer.says.claims }, issuer.says.key ?? privateKey);
      return { access_token: 'none', token_type: 'Bearer', id_token };
    },
  };
  return issuer;
}

function signed(header: unknown, claims: unknown, key: KeyObject): string {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}
