import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { isLoopback } from '#core/loopback.ts';
import { baseOf, readConfig, WrongSettings, type ProcessRole } from './config.ts';
import { envExample, nearest } from './settings.ts';

const NOWHERE = '/no/such/folder';

describe('settings', () => {
  test('without any, the defaults hold: this machine alone, by invitation', () => {
    const config = readConfig({}, NOWHERE);
    assert.deepEqual([config.PORT, config.HOST, config.TLS, config.SIGNUP], [3000, '127.0.0.1', 'off', 'invite']);
    assert.deepEqual([config.GUILDHALL_DATA, config.SESSION_IDLE_MINUTES], ['./data', 10_080]);
    assert.deepEqual(config.POST_LIMIT, { uses: 30, perSeconds: 10 });
    assert.deepEqual(config.COMMAND_LIMIT, { uses: 30, perSeconds: 60 });
    assert.deepEqual(config.SIGNUP_LIMIT, { uses: 10, perSeconds: 3_600 });
    assert.deepEqual(config.READ_LIMIT, { uses: 600, perSeconds: 60 });
    assert.deepEqual([config.PUBLIC_URL, config.METRICS_TOKEN, config.TLS_CERT], [undefined, undefined, undefined]);
    assert.deepEqual([config.CORS_ORIGINS, config.TRUSTED_PROXIES], [[], []]);
    assert.deepEqual(config.source, { envFile: false, set: 0 });
  });

  test('an empty one is as good as none, and blanks around a value do not matter', () => {
    const config = readConfig(
      { PORT: '', SIGNUP: ' open ', CORS_ORIGINS: ' https://a.example , https://b.example ,' },
      NOWHERE,
    );
    assert.deepEqual([config.PORT, config.SIGNUP], [3000, 'open']);
    assert.deepEqual(config.CORS_ORIGINS, ['https://a.example', 'https://b.example']);
  });

  test('.env in the folder is read, and the environment wins over it', (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, '.env'), 'PORT=4000\nSIGNUP="closed"\n# HOST=1.2.3.4\n');
    const config = readConfig({ PORT: '5000' }, folder);
    assert.deepEqual([config.PORT, config.SIGNUP, config.HOST], [5000, 'closed', '127.0.0.1']);
    assert.deepEqual(config.source, { envFile: true, set: 2 });
  });

  const wrong: [name: string, value: string, says: RegExp][] = [
    ['PORT', 'http', /"http" is not a whole number from 0 to 65535/],
    ['PORT', '65536', /from 0 to 65535/],
    ['PORT', '-1', /from 0 to 65535/],
    ['PORT', '3000.5', /from 0 to 65535/],
    ['PUBLIC_URL', 'hall.example.org', /is not an address such as https/],
    ['PUBLIC_URL', 'ftp://hall.example.org', /is not an address/],
    ['PUBLIC_URL', 'https://hall.example.org/?a=1', /without a query/],
    ['PUBLIC_URL', 'https://ann:pw@hall.example.org', /is not an address/],
    ['SIGNUP', 'opne', /not one of: invite, open, closed\. Did you mean SIGNUP=open\?/],
    ['SESSION_IDLE_MINUTES', '0', /from 1 to 43200/],
    ['SESSION_IDLE_MINUTES', 'a week', /from 1 to 43200/],
    ['STOCK_URL', 'stooq', /is not an address/],
    ['STOCK_BRIDGE', 'on', /AMQP_URL is not set/],
    ['CORS_ORIGINS', 'https://a.example,b.example', /"b\.example" is not an origin/],
    ['CORS_ORIGINS', 'https://a.example/path', /is not an origin/],
    ['CORS_ORIGINS', '*', /is not an origin/],
    ['CORS_ORIGINS', 'null', /is not an origin/],
    ['TRUSTED_PROXIES', 'my-proxy', /"my-proxy" is not an address such as/],
    ['TRUSTED_PROXIES', '10.0.0.7, cafe', /"cafe" is not an address/],
    ['TRUSTED_PROXIES', '300.0.0.1', /is not an address/],
    ['TRUSTED_PROXIES', '10.0.0.0/99', /is not an address/],
    ['TRUSTED_PROXIES', '10.0.0', /is not an address/],
    ['TLS', 'on', /not one of: off, self, files/],
    ['LOG_LEVEL', 'loud', /not one of: trace, debug, info, warn, error, silent/],
    ['POST_LIMIT', '30', /"30" has no time\. Uses, a slash, seconds: POST_LIMIT=30\/10/],
    ['POST_LIMIT', '0/10', /is not uses, a slash, seconds/],
    ['COMMAND_LIMIT', '30/0', /is not uses/],
    ['SIGNUP_LIMIT', '10/hour', /is not uses/],
    ['READ_LIMIT', '1/2/3', /is not uses/],
    ['READ_LIMIT', '-1/60', /is not uses/],
    ['READ_LIMIT', '1.5/60', /is not uses/],
    ['HOST', '0.0.0.0', /lets other machines in, and TLS is off/],
    ['HOST', '::', /lets other machines in/],
    ['HOST', '192.168.1.5', /HOST=127\.0\.0\.1 keeps it to this machine/],
    ['TLS_CERT', '', /TLS=files needs it/],
    ['TLS_KEY', '/no/such/key.pem', /There is no file \/no\/such\/key\.pem/],
    ['GUILDHALL_PORT', '3000', /is not a setting\. Did you mean PORT\? All settings: \.env\.example/],
    ['GUILDHALL_DATE', './data', /Did you mean GUILDHALL_DATA\?/],
  ];
  for (const [name, value, says] of wrong) {
    test(`${name}=${value} refuses to start, naming the variable`, () => {
      const more = name.startsWith('TLS_') ? { TLS: 'files' } : {};
      const told = refusals({ ...more, [name]: value });
      assert.match(told[name] ?? `nothing about ${name}`, says);
    });
  }

  test('all that is wrong is told at once', () => {
    const told = refusals({ PORT: 'x', SIGNUP: 'x', GUILDHALL_X: '1' });
    assert.deepEqual(Object.keys(told).toSorted(), ['GUILDHALL_X', 'PORT', 'SIGNUP']);
  });

  test('an unknown name in .env is told as well', (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, '.env'), 'GUILDHALL_SIGNUP=open\n');
    assert.throws(() => readConfig({}, folder), /GUILDHALL_SIGNUP: is not a setting/);
  });

  test('another address than loopback is fine with TLS or with a trusted proxy', () => {
    assert.equal(readConfig({ HOST: '0.0.0.0', TLS: 'self' }, NOWHERE).HOST, '0.0.0.0');
    assert.deepEqual(readConfig({ HOST: '::', TRUSTED_PROXIES: '10.0.0.0/8, ::1' }, NOWHERE).TRUSTED_PROXIES, [
      '10.0.0.0/8',
      '::1',
    ]);
  });

  test('what is loopback', () => {
    for (const host of ['127.0.0.1', '127.8.8.8', 'localhost', '::1']) assert.ok(isLoopback(host), host);
    for (const host of ['0.0.0.0', '::', '128.0.0.1', 'localhost.example.org', '127.0.0.1.example.org', ''])
      assert.ok(!isLoopback(host), host);
  });

  test('links begin where people reach the hall', () => {
    assert.equal(baseOf(readConfig({}, NOWHERE)), 'http://127.0.0.1:3000');
    assert.equal(baseOf(readConfig({ HOST: '::', TLS: 'self', PORT: '443' }, NOWHERE)), 'https://localhost:443');
    assert.equal(baseOf(readConfig({ HOST: '::1' }, NOWHERE)), 'http://[::1]:3000');
    assert.equal(baseOf(readConfig({ PUBLIC_URL: 'https://hall.example.org/' }, NOWHERE)), 'https://hall.example.org');
  });

  test('.env.example lists every setting as the program has it', () => {
    const kept = readFileSync(join(import.meta.dirname, '../.env.example'), 'utf8');
    assert.equal(kept, envExample());
    for (const name of Object.keys(readConfig({}, NOWHERE)).filter((key) => key !== 'source'))
      assert.match(kept, new RegExp(`^# ${name}=`, 'm'));
  });

  test('.env.example taken as it is, each # away, is a set of settings that holds', (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, '.env'), envExample().replaceAll(/^# (?=[A-Z_]+=)/gm, ''));
    const { source: _ours, ...all } = readConfig({}, folder);
    const { source: _theirs, ...defaults } = readConfig({}, NOWHERE);
    assert.deepEqual(all, defaults);
  });

  test('a mistyped name finds its neighbour', () => assert.equal(nearest('TRUSTED_PROXY'), 'TRUSTED_PROXIES'));

  const SHARED = {
    DATABASE_URL: 'postgres://guildhall:secret@db.example/guildhall?sslmode=verify-full',
    AMQP_URL: 'amqps://guildhall:secret@broker.example/%2F',
    REDIS_URL: 'rediss://guildhall:secret@redis.example/0',
  };

  test('one of several processes needs all three engines, and is told which are missing', () => {
    const { DATABASE_URL } = SHARED;
    assert.throws(
      () => readConfig({ DATABASE_URL }, NOWHERE, 'bot'),
      (error: WrongSettings) => {
        assert.deepEqual(
          error.wrong.map(({ name }) => name),
          ['AMQP_URL', 'REDIS_URL'],
        );
        assert.match(error.message, /--role bot is one of several processes/);
        return true;
      },
    );
    assert.equal(
      readConfig({ DATABASE_URL }, NOWHERE).DATABASE_URL,
      DATABASE_URL,
      'one alone may have PostgreSQL alone',
    );
    assert.throws(() => readConfig({ DATABASE_URL, AMQP_URL: SHARED.AMQP_URL }, NOWHERE), /REDIS_URL/);
    assert.deepEqual(readConfig(SHARED, NOWHERE, 'hall').AMQP_URL, SHARED.AMQP_URL);
  });

  test('an engine on another machine must be encrypted, and no refusal shows its password', () => {
    for (const [name, value] of [
      ['DATABASE_URL', 'postgres://guildhall:hush@db.example/guildhall'],
      ['DATABASE_URL', 'postgres://guildhall:hush@db.example/guildhall?sslmode=prefer'],
      ['DATABASE_URL', 'postgres://guildhall:hush@db.example/guildhall?sslmode=disable'],
      ['AMQP_URL', 'amqp://guildhall:hush@broker.example'],
      ['REDIS_URL', 'redis://:hush@10.0.0.7:6379'],
      ['REDIS_URL', 'http://:hush@10.0.0.7:6379'],
    ] as const)
      assert.throws(
        () => readConfig({ ...SHARED, [name]: value }, NOWHERE),
        (error: WrongSettings) => {
          assert.deepEqual(
            error.wrong.map((wrong) => wrong.name),
            [name],
            value,
          );
          assert.doesNotMatch(error.message, /hush/);
          return true;
        },
      );
    for (const DATABASE_URL of [
      'postgres://guildhall:hush@127.0.0.1/guildhall',
      'postgres://guildhall:hush@[::1]/guildhall',
      'postgres:///guildhall?host=/var/run/postgresql',
    ])
      assert.equal(readConfig({ DATABASE_URL }, NOWHERE).DATABASE_URL, DATABASE_URL);
  });

  test('an application’s id without its secret is told, and the other way round', () => {
    const wrongOf = (env: Record<string, string>): string => {
      try {
        return readConfig(env, NOWHERE) && '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.match(wrongOf({ DISCORD_CLIENT_ID: '1' }), /^DISCORD_CLIENT_SECRET: is not set/);
    assert.match(wrongOf({ SLACK_CLIENT_SECRET: 'x' }), /^SLACK_CLIENT_ID: is not set/);
    assert.equal(wrongOf({ DISCORD_CLIENT_ID: '1', DISCORD_CLIENT_SECRET: 'x' }), '');
  });

  test('a role gets no token of a platform but its own', () => {
    const tokens = {
      DISCORD_TOKEN: 'a discord token',
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_APP_TOKEN: 'xapp-1',
      TWITCH_CLIENT_SECRET: 'a twitch secret',
      TWITCH_BOT_REFRESH_TOKEN: 'a refresh token',
    };
    const known = (role: ProcessRole): string[] => {
      const config = readConfig({ ...SHARED, ...tokens }, NOWHERE, role);
      return Object.entries(tokens).flatMap(([name, value]) => (Object.values(config).includes(value) ? [name] : []));
    };
    assert.deepEqual(known('slack'), ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN']);
    assert.deepEqual(known('discord'), ['DISCORD_TOKEN']);
    assert.deepEqual(known('twitch'), ['TWITCH_CLIENT_SECRET', 'TWITCH_BOT_REFRESH_TOKEN']);
    assert.deepEqual(known('hall'), ['TWITCH_CLIENT_SECRET'], 'it asks who people are there');
    for (const role of ['bot', 'worker'] as const) assert.deepEqual(known(role), []);
    assert.deepEqual(known('all'), Object.keys(tokens));
  });

  test('the authority of the engines’ certificates must be there', () => {
    assert.throws(
      () => readConfig({ ...SHARED, ENGINE_CA: '/no/such.pem' }, NOWHERE),
      /There is no file \/no\/such.pem/,
    );
  });
});

function refusals(env: Record<string, string>): Record<string, string> {
  try {
    readConfig(env, NOWHERE);
  } catch (error) {
    assert.ok(error instanceof WrongSettings, String(error));
    return Object.fromEntries(error.wrong.map(({ name, lines }) => [name, lines.join(' ')]));
  }
  return {};
}
