import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import pino from 'pino';
import { readSealed } from '#contracts/sealed.ts';
import { putSecret } from '#storage/secrets.ts';
import { openSqlite } from '#storage/sqlite.ts';
import { ownVault } from '#parts/vault.ts';
import { readConfig } from '#src/config.ts';
import { openFolder } from '#src/data-folder.ts';
import { reachVault } from '#src/vault-reach.ts';
import { prepare, temporaryFolder } from '#test/contracts/fixtures.ts';
import { startGuildhall } from '#test/support/guildhall.ts';

const PASSPHRASE = 'a heron on one leg';
const OLGA = { owner: 'acct_olga', purpose: 'torn' };

/** Where an operator types: a folder of data, and commands on it. */
function desk(t: TestContext, name = 'data') {
  const folder = temporaryFolder(t);
  const data = join(folder, name);
  const env = { GUILDHALL_DATA: data, STOCK_URL: 'http://127.0.0.1:9/' };
  const config = readConfig(env, '/nowhere');
  const run = (words: string, input = '') => startGuildhall(folder, words.split(' '), { input, env }).ended;
  const done = async (words: string, input = ''): Promise<string> => {
    const { code, said } = await run(words, input);
    assert.equal(code, 0, said);
    return said;
  };
  return { folder, data, config, env, run, done };
}

type Desk = ReturnType<typeof desk>;

/** Keeps so many secrets, as a hall does. Gives the id of the key that sealed them. */
async function keepSecrets({ data, config }: Desk, count: number): Promise<string> {
  const storage = openSqlite(openFolder(data).database);
  const reached = await reachVault(config);
  try {
    await prepare(storage);
    let key = '';
    for (let n = 0; n < count; n++) {
      const name = { ...OLGA, purpose: `torn-${n}` };
      const sealed = await reached.vault.seal(`secret ${n}`, name);
      key = readSealed(sealed)?.key ?? '';
      await storage.write((tx) => putSecret(tx.db, { ...name, sealed, key, at: 1 }));
    }
    return key;
  } finally {
    await reached.close();
    await storage.close();
  }
}

/** How many of them the vault opens. */
async function opened({ data, config }: Desk): Promise<number> {
  const storage = openSqlite(join(data, 'hall.db'));
  const reached = await reachVault(config);
  try {
    const rows = await storage.db.selectFrom('secrets').selectAll().execute();
    const checks = rows.map((row) =>
      reached.vault.check(row).then(
        () => 1,
        () => 0,
      ),
    );
    return (await Promise.all(checks)).reduce<number>((sum, one) => sum + one, 0);
  } finally {
    await reached.close();
    await storage.close();
  }
}

describe('the operator’s commands for the vault', { concurrency: 2 }, () => {
  for (const [words, says] of [
    ['vault', /One of status, rotate/],
    ['vault dance', /vault export-key FILE/],
    ['vault export-key', /with one file/],
    ['vault status now', /One of status, rotate/],
    ['vault export-key one --passphrase', /--passphrase/],
    ['vault export-key one', /--passphrase-stdin/],
  ] as const)
    test(`“${words}” is refused, and it says how`, async (t) => {
      const { run } = desk(t);
      const { code, said } = await run(words);
      assert.deepEqual([code, says.test(said)], [64, true], said);
    });

  test('before the first start there is no key, and looking makes none', async (t) => {
    const { data, run, done } = desk(t);
    assert.match(await done('vault status'), /no key yet; the first start makes it/);
    assert.equal(readdirSync(data).includes('vault'), false);
    const { code, said } = await run('vault export-key keys.json --passphrase-stdin', PASSPHRASE);
    assert.deepEqual([code, /There are no keys.*Nothing was changed\./.test(said)], [1, true], said);
  });

  test('status tells the key, when it was made and how many secrets it has sealed', async (t) => {
    const at = desk(t);
    const key = await keepSecrets(at, 3);
    const told = await at.done('vault status');
    assert.match(told, /"vault","says":"ready, started for this look"/);
    assert.match(told, new RegExp(`${key}, current, made \\d{4}-\\d\\d-\\d\\d, 3 secrets`));
    assert.match(await at.done('doctor'), new RegExp(`${key}, current.*Nothing to do`, 's'));
  });

  test('a rotation seals everything anew, and what was sealed opens by the new key', async (t) => {
    const at = desk(t);
    const old = await keepSecrets(at, 205);
    const told = await at.done('vault rotate');
    const key = /The key is (\S+) now; 205 secrets sealed with it/.exec(told)?.[1] ?? '';
    assert.notEqual(key, old, told);
    assert.match(told, /An older copy does not have this key.*vault export-key FILE/);
    const status = await at.done('vault status');
    assert.match(status, new RegExp(`${key}, current.*205 secrets`));
    assert.match(status, /1 more retired, for restored backups/);
    assert.equal(await opened(at), 205);
  });

  test('a rotation that was begun is ended by the next one, which counts all that the key has sealed', async (t) => {
    const at = desk(t);
    await keepSecrets(at, 2);
    const reached = await reachVault(at.config);
    const { next } = await reached.vault.rotation({ step: 'begin' });
    await reached.close();
    assert.equal(await keepSecrets(at, 1), next);
    assert.match(await at.done('vault rotate'), new RegExp(`The key is ${next} now; 2 secrets sealed with it`));
  });

  test('a rotation that does not reach the vault does not say that nothing was changed', async (t) => {
    const at = desk(t);
    await at.done('certs certs');
    const of = (file: string): string => join(at.folder, 'certs/hall', `${file}.pem`);
    const files = { SERVICE_CERT: of('cert'), SERVICE_KEY: of('key'), SERVICE_CA: of('ca') };
    const env = { ...at.env, ...files, VAULT_URL: 'https://127.0.0.1:1' };
    const { code, said } = await startGuildhall(at.folder, ['vault', 'rotate'], { env }).ended;
    assert.deepEqual(
      [code, /goes on where it was/.test(said), /Nothing was changed/.test(said)],
      [1, true, false],
      said,
    );
  });

  test('a vault that runs is asked and not started again, and a rotation under way is told', async (t) => {
    const at = desk(t);
    const old = await keepSecrets(at, 2);
    const running = ownVault(at.config, { logger: pino({ level: 'silent' }) });
    try {
      await running.vault.status();
      assert.match(await at.done('vault status'), /ready, it runs/);
      const { next } = await running.vault.rotation({ step: 'begin' });
      const told = await at.done('vault status');
      assert.match(told, new RegExp(`${next}, next, 0 secrets: a rotation is under way`));
      assert.match(told, new RegExp(`${old}, current.*2 secrets`));
    } finally {
      await running.stop(5_000);
    }
  });

  test('the keys go into a file that opens with its passphrase, on another machine as well', async (t) => {
    const at = desk(t);
    const key = await keepSecrets(at, 1);
    const file = join(at.folder, 'keys.sealed');
    const said = await at.done(`vault export-key ${file} --passphrase-stdin`, `${PASSPHRASE}\n`);
    assert.match(said, /The keys are in .*keys\.sealed/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const inFolder = readFileSync(join(at.data, 'vault/keys.json'), 'utf8');
    const secret = /"private":\s*"([0-9a-f]+)"/.exec(inFolder)?.[1] ?? 'none';
    assert.equal(readFileSync(file, 'utf8').includes(secret), false);
    const again = await at.run(`vault export-key ${file} --passphrase-stdin`, PASSPHRASE);
    assert.deepEqual([again.code, /never overwrites/.test(again.said)], [1, true], again.said);

    const there = desk(t);
    const wrong = await there.run(`vault import-key ${file} --passphrase-stdin`, 'not the passphrase');
    assert.deepEqual(
      [wrong.code, /passphrase is wrong.*Nothing was changed\./.test(wrong.said)],
      [1, true],
      wrong.said,
    );
    assert.match(
      await there.done(`vault import-key ${file} --passphrase-stdin`, PASSPHRASE),
      /1 of its keys is new here/,
    );
    assert.match(await there.done('vault status'), new RegExp(`${key}, current`));
    assert.match(await there.done(`vault import-key ${file} --passphrase-stdin`, PASSPHRASE), /were here already/);
  });

  test('a lost key is told by status, doctor and the way back; with the key imported all is well', async (t) => {
    const at = desk(t);
    await keepSecrets(at, 2);
    const file = join(at.folder, 'keys.sealed');
    await at.done(`vault export-key ${file} --passphrase-stdin`, PASSPHRASE);
    rmSync(join(at.data, 'vault'), { recursive: true });
    for (const words of ['vault status', 'doctor']) {
      const lost = await at.run(words);
      assert.deepEqual([lost.code, /2 secrets kept, and there is no key/.test(lost.said)], [1, true], lost.said);
    }
    for (const words of ['vault rotate', 'vault export-key other --passphrase-stdin']) {
      const { code, said } = await at.run(words, PASSPHRASE);
      assert.deepEqual([code, /import-key FILE.*Nothing was changed/.test(said)], [1, true], said);
    }
    assert.equal(existsSync(join(at.data, 'vault/keys.json')), false);
    // A start makes a new one: what was sealed with the old one does not open, and that is said.
    const reached = await reachVault(at.config);
    await reached.vault.status();
    await reached.close();
    const unknown = await at.run('vault status');
    assert.deepEqual(
      [unknown.code, /2 secrets sealed by the key \S+, which the vault does not have/.test(unknown.said)],
      [1, true],
      unknown.said,
    );
    const rotated = await at.run('vault rotate');
    assert.deepEqual(
      [rotated.code, /2 secrets could not be opened and stay/.test(rotated.said)],
      [1, true],
      rotated.said,
    );
    await at.done(`vault import-key ${file} --passphrase-stdin`, PASSPHRASE);
    assert.doesNotMatch(await at.done('vault status'), /does not have/);
    assert.equal(await opened(at), 2);
    assert.match(await at.done('doctor'), /Nothing to do/);
  });

  test('a damaged key file is told with what to do, and stays as it is', async (t) => {
    const at = desk(t);
    await keepSecrets(at, 1);
    const keys = join(at.data, 'vault/keys.json');
    writeFileSync(keys, readFileSync(keys, 'utf8').slice(0, 100));
    const { code, said } = await at.run('vault status');
    assert.equal(code, 1, said);
    assert.match(said, /"state":"wrong","what":"vault".*npm run -s guildhall -- vault import-key FILE/);
    assert.equal(readFileSync(keys, 'utf8').length, 100);
    const doctor = await at.run('doctor');
    assert.deepEqual([doctor.code, /"state":"wrong","what":"vault"/.test(doctor.said)], [1, true], doctor.said);
  });

  test('doctor tells how long the certificate of this role holds, and what is none', async (t) => {
    const at = desk(t);
    const certs = join(at.folder, 'certs');
    await at.done(`certs ${certs}`);
    const withCertificate = (cert: string) =>
      startGuildhall(at.folder, ['doctor'], { env: { ...at.env, SERVICE_CERT: cert } }).ended;
    const fine = await withCertificate(join(certs, 'hall/cert.pem'));
    assert.match(fine.said, /"ok","what":"certificate","says":".*cert\.pem for hall, 82\d days left/);
    const none = await withCertificate(join(certs, 'hall/key.pem'));
    assert.deepEqual([none.code, /key\.pem cannot be read/.test(none.said)], [1, true], none.said);
  });

  test('on the vault’s own machine doctor and status look at the keys, and make no database', async (t) => {
    const at = desk(t);
    await at.done('certs certs');
    const of = (file: string): string => join(at.folder, 'certs/vault', `${file}.pem`);
    const files = { SERVICE_CERT: of('cert'), SERVICE_KEY: of('key'), SERVICE_CA: of('ca') };
    const own = ownVault(at.config, { logger: pino({ level: 'silent' }) });
    await own.vault.status();
    await own.stop(5_000);
    const env = { ...at.env, ...files, VAULT_LISTEN: '127.0.0.1:7443' };
    for (const words of [['doctor'], ['vault', 'status']]) {
      const { code, said } = await startGuildhall(at.folder, words, { env }).ended;
      assert.deepEqual([code, /, current, made/.test(said), /SQLite|stock|discord/.test(said)], [0, true, false], said);
    }
    assert.equal(readdirSync(at.data).includes('hall.db'), false);
  });

  test('the keys of a vault elsewhere are neither exported nor imported here', async (t) => {
    const at = desk(t);
    await at.done('certs certs');
    const files = { SERVICE_CERT: 'cert', SERVICE_KEY: 'key', SERVICE_CA: 'ca' };
    const paths = Object.entries(files).map(([name, file]) => [name, join(at.folder, 'certs/hall', `${file}.pem`)]);
    const env = { ...at.env, ...Object.fromEntries(paths), VAULT_URL: 'https://127.0.0.1:1' };
    for (const act of ['export-key', 'import-key']) {
      const { code, said } = await startGuildhall(at.folder, ['vault', act, 'file'], { env }).ended;
      assert.deepEqual([code, /its keys are on its machine/.test(said)], [1, true], said);
    }
    const status = await startGuildhall(at.folder, ['vault', 'status'], { env }).ended;
    assert.deepEqual([status.code, /"state":"wrong","what":"vault"/.test(status.said)], [1, true], status.said);
  });

  test('doctor finds keys, and what backups are sealed with, that others may read', async (t) => {
    const at = desk(t);
    await keepSecrets(at, 1);
    chmodSync(join(at.data, 'vault'), 0o755);
    writeFileSync(join(at.data, 'backup-passphrase'), PASSPHRASE, { mode: 0o600 });
    chmodSync(join(at.data, 'backup-passphrase'), 0o640);
    writeFileSync(join(at.data, 'notes.txt'), 'mine', { mode: 0o600 });
    chmodSync(join(at.data, 'notes.txt'), 0o644);
    const { code, said } = await at.run('doctor');
    assert.equal(code, 1, said);
    assert.match(said, /vault may be read by others \(0755\)\. Mend it: chmod 700/);
    assert.match(said, /backup-passphrase may be read by others \(0640\)\. Mend it: chmod 600/);
    assert.match(said, /"note","what":"data","says":"1 not of the hall’s own/);
    assert.match(said, /2 things to do/);
  });
});
