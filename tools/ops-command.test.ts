import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const COMMAND = join(import.meta.dirname, '../ops/systemd/guildhall');

describe('the operator’s command beside the units', { skip: process.platform === 'win32' && 'needs sh' }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'guildhall-command-'));
    // Tells what systemd would be asked, a word a line.
    writeFileSync(join(folder, 'systemd-run'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const asked = (...words: string[]): string[] => {
    const PATH = `${folder}:${process.env['PATH']}`;
    const { status, stdout, stderr } = spawnSync('sh', [COMMAND, ...words], { env: { PATH }, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trimEnd().split('\n');
  };

  test('runs on the hall in one process, with its settings, as its user', () => {
    const words = asked('backup', '/var/lib/guildhall/a b');
    assert.deepEqual(words.slice(-4), ['/usr/bin/node', '/app/src/guildhall.ts', 'backup', '/var/lib/guildhall/a b']);
    for (const word of ['User=guildhall', 'StateDirectory=guildhall', 'EnvironmentFile=-/etc/guildhall/guildhall.env'])
      assert.ok(words.includes(`--property=${word}`), word);
    assert.equal(/LoadCredential|SERVICE_CERT/.test(words.join(' ')), false);
  });

  test('with @vault it runs as the role vault, on its folder, with its certificate', () => {
    const words = asked('@vault', 'vault', 'export-key', '/var/lib/guildhall-vault/keys');
    assert.deepEqual(words.slice(-4), [
      '/app/src/guildhall.ts',
      'vault',
      'export-key',
      '/var/lib/guildhall-vault/keys',
    ]);
    const unit = words.find((word) => word.startsWith('--unit='))?.slice('--unit='.length);
    for (const word of [
      '--property=User=guildhall-vault',
      '--property=StateDirectory=guildhall-vault',
      '--property=EnvironmentFile=-/etc/guildhall/vault.env',
      '--property=LoadCredential=key.pem:/etc/guildhall/certs/vault/key.pem',
      '--setenv=GUILDHALL_DATA=/var/lib/guildhall-vault',
      `--setenv=SERVICE_KEY=/run/credentials/${unit}.service/key.pem`,
    ])
      assert.ok(words.includes(word), word);
  });
});
