import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { freePort } from './free-port.ts';
import { hasPlaces, makePlace } from './namespaces.ts';
import { eventually } from './wait.ts';

const ECHO = `require('node:http').createServer(async (request, response) => {
  const answer = await fetch(request.url.slice(1), { signal: AbortSignal.timeout(500) }).catch(() => undefined);
  response.end(answer ? await answer.text() : 'nothing came');
}).listen(Number(process.argv[2]), process.argv[1])`;

test(
  'a process in a place is reached and reaches others, until it is cut off, and again after',
  { skip: !hasPlaces() },
  async (t) => {
    const outside = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(outside, 'listening');
    const place = makePlace(250);
    t.after(() => {
      place.remove();
      outside.closeAllConnections();
      outside.close();
    });
    const port = await freePort();
    const [program = '', ...words] = [...place.prefix, process.execPath, '-e', ECHO, place.host, String(port)];
    spawn(program, words, { stdio: 'inherit' });
    const { port: there } = outside.address() as { port: number };
    const ask = async (): Promise<string> => {
      const url = `http://${place.host}:${port}/http://127.0.0.1:${there}`;
      return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).text();
    };

    await eventually('an answer', async () => (await ask()) === 'hello' || undefined);
    place.cut();
    await assert.rejects(ask(), { name: 'TimeoutError' });
    place.heal();
    await eventually('an answer again', async () => (await ask()) === 'hello' || undefined);
    place.cut(['127.0.0.1']);
    place.heal(['127.0.0.1']);
    await eventually('an answer after the second cut', async () => (await ask()) === 'hello' || undefined);
  },
);
