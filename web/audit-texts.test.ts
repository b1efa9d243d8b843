import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { texts } from './texts.ts';

test('whatever the program writes into the audit has its own words in the portal', () => {
  const folder = join(import.meta.dirname, '../src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
  );
  const said = sources.flatMap((path) => [
    ...readFileSync(join(folder, path), 'utf8').matchAll(/'((?:moderation|[a-z-]+)\.[a-z-]+)'/g),
  ]);
  const actions = new Set(said.map(([, action = '']) => action).filter((action) => KINDS.test(action)));
  assert.ok(actions.size > 30);
  assert.deepEqual(
    [...actions].filter((action) => !(action in texts.audit.acts)),
    [],
  );
});

/** What an action is about; other words with a dot between are files, settings and rules of permission. */
const KINDS =
  /^(moderation|webhook|second-factor|token|identity|invite|session|device|password|email|job)\.(approve|carry|refuse|ban|unban|kick|mute|unmute|delete|lock-down|platform|settle|slow|word-add|word-remove|make|end|rotate|on|off|codes|recover|link|unlink|accept|grant|reset|verify|forget|retry|drop)$/;
