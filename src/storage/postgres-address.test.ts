import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import pg from 'pg';
import { readPostgresAddress } from './postgres-address.ts';

describe('the address of a PostgreSQL', () => {
  test('on this machine it is plain unless it says otherwise, elsewhere it is checked', () => {
    for (const here of ['127.0.0.1', '[::1]', 'localhost'])
      assert.equal(readPostgresAddress(`postgres://ann@${here}:5432/hall`).ssl, false, here);
    assert.equal(readPostgresAddress('postgres:///hall?host=/var/run/postgresql').ssl, false);
    assert.deepEqual(readPostgresAddress('postgres://ann@db.example.org/hall').ssl, { rejectUnauthorized: true });
    assert.equal(readPostgresAddress('postgres://ann@127.0.0.1/hall?sslmode=disable').ssl, false);
  });

  test('nothing makes the way to another machine plain, or lets anybody answer', () => {
    for (const query of [
      'sslmode=disable',
      'sslmode=verify-full&ssl=no-verify',
      'sslmode=verify-full&ssl=0',
      'ssl=true',
      'sslmode=verify-full&sslnegotiation=direct',
      'sslmode=verify-full&uselibpqcompat=true',
    ])
      assert.throws(
        () => readPostgresAddress(`postgres://ann@db.example.org/hall?${query}`),
        /^Error: DATABASE_URL:/,
        query,
      );
    assert.throws(
      () => readPostgresAddress('postgres://ann@localhost/hall?host=db.example.org&sslmode=disable'),
      /another machine/,
    );
    const { connectionString, ssl } = readPostgresAddress('postgres://ann@db.example.org/hall?sslmode=require');
    assert.deepEqual(new pg.Client({ connectionString, ssl }).ssl, { rejectUnauthorized: true });
  });

  test('require, verify-ca and verify-full all check the certificate and the name in it', () => {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      assert.deepEqual(readPostgresAddress(`postgres://127.0.0.1/hall?sslmode=${mode}`, 'PEM').ssl, {
        ca: 'PEM',
        rejectUnauthorized: true,
      });
  });

  test('what checks nobody is refused in a sentence', () => {
    for (const mode of ['no-verify', 'prefer', 'allow', 'on'])
      assert.throws(
        () => readPostgresAddress(`postgres://ann@db.example.org/hall?sslmode=${mode}`),
        new RegExp(`^Error: DATABASE_URL: sslmode=${mode} does not check who answers`),
      );
  });

  test('certificates named in the address are read, and nothing of it is left for others to read', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'guildhall-unit-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = (name: string): string => join(folder, name);
    for (const name of ['ca', 'cert', 'key']) writeFileSync(path(name), `the ${name}`);
    const files = `sslrootcert=${path('ca')}&sslcert=${path('cert')}&sslkey=${path('key')}`;
    const more = 'options=-c%20geqo%3Doff&connect_timeout=3';
    const url = `postgres://ann:p%40ss@db.example.org/hall?${files}&sslmode=verify-full&${more}`;
    const read = readPostgresAddress(url, 'another');
    assert.deepEqual(read, {
      connectionString: 'postgres://ann:p%40ss@db.example.org/hall?connect_timeout=3',
      options: '-c geqo=off',
      ssl: { ca: 'the ca', cert: 'the cert', key: 'the key', rejectUnauthorized: true },
    });
  });
});
