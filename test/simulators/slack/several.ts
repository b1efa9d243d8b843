import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { page } from './openid.ts';
import type { SlackSimulator } from './wire.ts';

/** Slack with several workspaces that can have the one app: one address before stand-ins that are a workspace each. */
export interface SeveralWorkspaces {
  /** As of the first workspace. Its links carry the events of all. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** A call goes where its token, or the code that it redeems, is known; the page for installing asks which workspace is meant. */
export async function severalWorkspaces(all: [SlackSimulator, ...SlackSimulator[]]): Promise<SeveralWorkspaces> {
  const [first, ...others] = all;
  for (const other of others) other.carriedBy(first);
  const server = createServer((come, answer) => {
    serve(all, come, answer).catch(() => answer.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: { ...first.env, SLACK_API_URL: `http://127.0.0.1:${port}/api/` },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  all: [SlackSimulator, ...SlackSimulator[]],
  come: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of come) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const url = new URL(come.url ?? '/', 'http://127.0.0.1');
  const team = url.searchParams.get('team');
  if (url.pathname === '/oauth/v2/authorize' && team === null) return choose(all, url, answer);
  const code = new URLSearchParams(body.toString('utf8')).get('code');
  const by = ({ token, team: own }: SlackSimulator): boolean =>
    come.headers.authorization === `Bearer ${token()}` || own.id === team || code?.startsWith(`${own.id}.`) === true;
  await pass(all.find(by) ?? all[0], { come, body }, answer);
}

function choose(all: SlackSimulator[], { searchParams }: URL, answer: ServerResponse): void {
  const links = all.map(({ team }) => {
    const next = new URLSearchParams([...searchParams, ['team', team.id]]);
    return `<li><a href="?${String(next).replaceAll('&', '&amp;')}">${team.name}</a></li>`;
  });
  const { status, headers, body } = page(200, `<p>Which workspace?</p><ul>${links.join('')}</ul>`);
  answer.writeHead(status, headers).end(body);
}

function pass(
  { env }: SlackSimulator,
  { come, body }: { come: IncomingMessage; body: Buffer },
  answer: ServerResponse,
): Promise<void> {
  const { method, headers, url } = come;
  const base = new URL(env['SLACK_API_URL'] ?? '').origin;
  return new Promise((resolve, reject) => {
    const asked = request(base + url, { method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer).on('finish', resolve);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
