import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHall } from '#test/contracts/fixtures.ts';
import { ROUTE_SCOPES } from './route-scopes.ts';

test('every route says what a token needs for it, and no row is of a route that is not there', async (t) => {
  const hall = await openHall();
  t.after(() => hall.close());
  const { paths } = (await (await fetch(`${hall.url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const routes = Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .map((route) => route.replace(/^(POST \/v1\/commands\/)\w.*$/, '$1{name}'));
  // The live connection is no part of the document.
  const there = new Set([...routes, 'GET /v1/live']);
  const missing = [...there].filter((route) => !(route in ROUTE_SCOPES));
  assert.deepEqual(missing, [], 'add them to src/http/route-scopes.ts');
  assert.deepEqual(
    Object.keys(ROUTE_SCOPES).filter((route) => !there.has(route)),
    [],
  );
});
