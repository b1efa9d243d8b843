import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { type AuditEntry, openAudit } from './audit.ts';
import { VAULT_LIMITS } from './limits.ts';

const ENTRY: AuditEntry = {
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  by: 'worker',
  operation: 'call',
  owner: 'account_1',
  purpose: 'torn',
  provider: 'torn',
  outcome: 'ok',
};

function linesOf(path: string): Record<string, string>[] {
  const text = readFileSync(path, 'utf8');
  assert.ok(text.endsWith('\n'));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
}

describe('the vault’s audit', () => {
  test('has a line for each request, for the vault’s user alone', (t) => {
    const folder = temporaryFolder(t);
    const audit = openAudit(folder);
    audit(ENTRY);
    const { provider: _none, ...bare } = ENTRY;
    audit({ ...bare, operation: 'check', outcome: 'cannot-open' });
    const path = join(folder, 'audit.log');
    assert.deepEqual(linesOf(path), [
      { ...ENTRY, at: '2026-01-02T03:04:05.000Z' },
      { ...bare, at: '2026-01-02T03:04:05.000Z', operation: 'check', outcome: 'cannot-open' },
    ]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('holds nothing but the names, whatever it is given', (t) => {
    const folder = temporaryFolder(t);
    const careless = { ...ENTRY, sealed: 'gs1.canary', value: 'canary' };
    openAudit(folder)({ ...careless, owner: `x\n{"at":"forged"}${'y'.repeat(9_000)}` });
    const [line, ...more] = linesOf(join(folder, 'audit.log'));
    assert.deepEqual(more, []);
    assert.equal(line?.['owner']?.length, VAULT_LIMITS.auditWord);
    assert.ok(!JSON.stringify(line).includes('canary'));
  });

  test('goes on behind what is there, also behind half a line, and closes a file that was open to others', (t) => {
    const path = join(temporaryFolder(t), 'audit.log');
    writeFileSync(path, '{"at":"before"}\n{"at":"ha', { mode: 0o644 });
    chmodSync(path, 0o644);
    openAudit(join(path, '..'))(ENTRY);
    const lines = readFileSync(path, 'utf8').split('\n');
    assert.deepEqual(lines.slice(0, 2), ['{"at":"before"}', '{"at":"ha']);
    assert.equal(JSON.parse(lines[2] ?? '').by, 'worker');
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('is put aside when it is full; one old one is kept', (t) => {
    const folder = temporaryFolder(t);
    const [path, old] = ['audit.log', 'audit.log.1'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(old, 'the oldest\n');
    writeFileSync(path, `${'x'.repeat(VAULT_LIMITS.audit - 300)}\n`);
    const audit = openAudit(folder);
    for (let n = 0; n < 5; n++) audit({ ...ENTRY, by: `caller-${n}` });
    assert.equal(readFileSync(old, 'utf8').slice(0, 10), 'xxxxxxxxxx');
    const kept = readFileSync(old, 'utf8').split('\n').slice(1).filter(Boolean).length;
    assert.ok(kept >= 1 && kept < 5, String(kept));
    assert.deepEqual(linesOf(path).at(-1)?.['by'], 'caller-4');
    assert.equal(linesOf(path).length + kept, 5);
    assert.ok(statSync(old).size <= VAULT_LIMITS.audit + 300);
  });

  test('that cannot be written stops nothing, is told once, and goes on when it can', (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'audit.log');
    const told: string[] = [];
    const audit = openAudit(folder, { tell: (line) => told.push(line) });
    mkdirSync(path);
    audit(ENTRY);
    audit(ENTRY);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /audit cannot be written to .*audit\.log: EISDIR/);
    rmdirSync(path);
    audit({ ...ENTRY, by: 'after' });
    assert.deepEqual(
      linesOf(path).map(({ by }) => by),
      ['after'],
    );
    rmSync(path);
    audit({ ...ENTRY, by: 'moved away by somebody' });
    assert.equal(linesOf(path).length, 1);
  });
});
