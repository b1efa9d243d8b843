import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from './answer-parent.ts';

/** A provider on loopback that answers everything at once with about 700 bytes. */
answerParent({ listen });

const ANSWER = JSON.stringify({ profile: { id: 1, name: 'someone', about: 'x'.repeat(640) } });

async function listen(): Promise<string> {
  const server: Server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
