import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Discord } from './index.ts';

/** Discord with several applications: one address before stand-ins that each have one. */
export interface SeveralApplications {
  /** As of the first application. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** A request goes where its token is known; one without goes by the application or the interaction in its address. */
export async function severalApplications(all: [Discord, ...Discord[]]): Promise<SeveralApplications> {
  const server = createServer((come, answer) => pass(come, answer, baseOf(meant(all, come))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: { ...(all[0].env as Record<string, string>), DISCORD_API_URL: `http://127.0.0.1:${port}/api` },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function meant(all: [Discord, ...Discord[]], { url = '', headers }: IncomingMessage): Discord {
  const [, kind, id = ''] = /\/(webhooks|interactions)\/(\d+)\//.exec(url) ?? [];
  const by = (one: Discord): boolean => {
    if (kind === 'webhooks') return one.botId === id;
    if (kind === 'interactions') return knows(one, id);
    return headers.authorization === `Bot ${one.env['DISCORD_TOKEN']}`;
  };
  return all.find(by) ?? all[0];
}

function knows(one: Discord, interaction: string): boolean {
  try {
    return Boolean(one.answered(interaction));
  } catch {
    return false;
  }
}

const baseOf = ({ env }: Discord): string => new URL(env['DISCORD_API_URL'] ?? '').origin;

function pass(come: IncomingMessage, answer: ServerResponse, base: string): void {
  const asked = request(base + come.url, { method: come.method, headers: come.headers }, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  asked.on('error', () => answer.destroy());
  come.pipe(asked);
}
