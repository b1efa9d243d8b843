import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '#test/support/wait.ts';
import type { AuditEntry } from './audit.ts';
import { LISTENING } from './listening.ts';
import { refusedNoted } from './refused-noted.ts';

const entry = (by: string, operation: string): AuditEntry => ({
  at: 0,
  by,
  operation,
  owner: '',
  purpose: '',
  outcome: 'refused: ECONNRESET',
});

describe('the audit of who was not let in', () => {
  test('has some lines of a flood of strangers, whatever addresses they have, and then how many more', async () => {
    const written: AuditEntry[] = [];
    const note = refusedNoted((one) => written.push(one), 50);
    for (let n = 0; n < 10_000; n++) note(entry(`192.0.2.${n % 250}`, 'connect'));
    assert.equal(written.length, LISTENING.refusedLines);
    await eventually('how many', () => written.length > LISTENING.refusedLines || undefined);
    assert.equal(written.at(-1)?.outcome, `refused: ${10_000 - LISTENING.refusedLines} more in a minute`);
    note(entry('192.0.2.1', 'connect'));
    assert.equal(written.at(-1)?.operation, 'connect');
  });

  test('has the lines of each certificate all the same', () => {
    const written: AuditEntry[] = [];
    const note = refusedNoted((one) => written.push(one), 50);
    for (let n = 0; n < 1_000; n++) note(entry('192.0.2.1', 'connect'));
    note(entry('bot', 'rotation'));
    assert.equal(written.at(-1)?.by, 'bot');
  });
});
