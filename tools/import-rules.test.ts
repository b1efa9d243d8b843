import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkImports } from './import-rules.ts';
import { withTree } from './planted.ts';

const MANIFEST = JSON.stringify({
  imports: {
    '#core/*': './src/core/*',
    '#storage/*': './src/storage/*',
    '#chat/*': './src/chat/*',
    '#features/*': './src/features/*',
    '#src/*': './src/*',
    '#test/*': './test/*',
  },
});

const BENCH = JSON.stringify({ imports: { '#bench/*': './*' } });

const findings = (files: Record<string, string>): string[] =>
  withTree({ 'package.json': MANIFEST, 'bench/package.json': BENCH, ...files }, (root) => checkImports(root).findings);

/** Each of these is one import that the table forbids. */
const FORBIDDEN: [where: string, line: string][] = [
  ['src/core/message.ts', "import { readFileSync } from 'node:fs';"],
  ['src/core/message.ts', "import pino from 'pino';"],
  ['src/core/message.ts', "import type { Rows } from '#storage/rows.ts';"],
  ['src/storage/rows.ts', "export * from '#chat/post.ts';"],
  ['src/chat/post.ts', "const late = await import('#features/stock/index.ts');"],
  ['src/http/routes.ts', "import { rows } from '#storage/rows.ts';"],
  ['src/connectors/http/index.ts', "import { post } from '#chat/post.ts';"],
  ['src/connectors/http/index.ts', "import ws from 'ws';"],
  ['src/connectors/mail/index.ts', "import { x } from '#core/x.ts';"],
  ['src/features/stock/index.ts', "import { roll } from '#features/adventure/index.ts';"],
  ['src/features/stock/index.ts', "import { request } from 'node:https';"],
  ['src/bot/spine.ts', "import { x } from '../core/message.ts';"],
  ['src/bot/spine.test.ts', "import { x } from '../core/message.ts';"],
  ['src/bot/spine.ts', "import { x } from '#nobody/x.ts';"],
  ['src/bot/spine.ts', "import { x } from '#src/roles.ts';"],
  ['src/things/x.ts', "import { x } from '#core/x.ts';"],
  ['src/cli/doctor.ts', "import { x } from '#src/roles.ts';"],
  ['src/cli/doctor.ts', "import { x } from '#chat/post.ts';"],
  ['src/config.ts', "import { x } from '#chat/post.ts';"],
  ['web/app.svelte', '<script lang="ts">import { x } from "#core/x.ts";</script>'],
  ['bench/run.ts', "import { x } from '#core/x.ts';"],
  ['src/bot/spine.ts', "import { x } from '#bench/run.ts';"],
  ['test/simulators/stock/index.ts', "import { x } from '#core/x.ts';"],
  ['test/simulators/stock/x.test.ts', "import { x } from '#test/support/hall.ts';"],
];

/** And each of these it allows. */
const ALLOWED: [where: string, line: string][] = [
  ['src/core/message.ts', "import { z } from 'zod'; import { x } from './room.ts';"],
  ['src/core/message.test.ts', "import { test } from 'node:test';"],
  ['src/storage/rows.ts', "import { x } from '#core/x.ts'; import { DatabaseSync } from 'node:sqlite';"],
  ['src/connectors/webchat/index.ts', "import { post } from '#chat/post.ts';"],
  ['src/features/stock/index.ts', "import { x } from './stock.job.ts'; import { rows } from '#storage/rows.ts';"],
  ['src/features/stock/index.ts', "import { x } from '#features/stock/texts.ts';"],
  ['src/config.ts', "import { x } from './settings.ts';"],
  ['src/cli/doctor.ts', "import { x } from '#src/data-folder.ts'; import { y } from '#storage/rows.ts';"],
  ['web/app.svelte', '<script lang="ts">import { x } from "#web/state/x.ts";</script>'],
  ['bench/load/site.ts', "import { x } from '#bench/run.ts';"],
  ['src/roles.ts', "import { x } from '#features/stock/index.ts';"],
  ['src/roles.test.ts', "import { x } from '#src/roles.ts';"],
  ['test/simulators/stock/x.test.ts', "import { x } from './index.ts';"],
  ['test/simulators/stock/x.test.ts', "import { eventually } from '#test/support/wait.ts';"],
  ['test/simulators/run.ts', "import { x } from './stock/index.ts';"],
];

describe('who may import whom', () => {
  for (const [where, line] of FORBIDDEN) {
    test(`${where} is caught with: ${line}`, () => {
      const found = findings({ [where]: line });
      assert.equal(found.length, 1, found.join('\n'));
      assert.ok(found[0]?.startsWith(where));
    });
  }

  for (const [where, line] of ALLOWED) {
    test(`${where} may say: ${line}`, () => assert.deepEqual(findings({ [where]: line }), []));
  }

  test('the count of modules is what was read, so a rule that reads nothing is seen', () => {
    const files = { 'package.json': MANIFEST, 'src/core/a.ts': '', 'src/core/b.ts': '', 'README.md': '' };
    assert.equal(
      withTree(files, (root) => checkImports(root).looked),
      2,
    );
  });
});
