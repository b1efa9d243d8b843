import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { describe, test } from 'node:test';
import { parts } from './check-parts.ts';

const root = dirname(import.meta.dirname);

describe('the repository keeps its own rules', () => {
  for (const part of parts) {
    test(part.name, async () => {
      const { findings } = await part.run(root);
      assert.equal(findings.length, 0, `\n${findings.join('\n')}`);
    });
  }
});
