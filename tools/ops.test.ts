import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { checkOps } from './ops.ts';
import { withTree } from './planted.ts';

const root = dirname(import.meta.dirname);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Ours, with one thing changed; `from` must be there, or the test would prove nothing. */
function changed(path: string, from: string | RegExp, to: string): Record<string, string> {
  const before = read(path);
  const after = before.replace(from, to);
  assert.notEqual(after, before, `${path} has no ${String(from)}`);
  return { ...OURS, [path]: after };
}

const OURS = Object.fromEntries(
  [
    'ops/compose.yaml',
    'ops/compose.split.yaml',
    'ops/Dockerfile',
    'ops/prepare.ts',
    'ops/healthcheck.ts',
    'ops/guildhall.sh',
    'ops/systemd/guildhall.service',
    'ops/systemd/guildhall@.service',
    ...['postgresql.conf', 'pg-hba.conf', 'make-database.sh'].map((file) => `ops/split/${file}`),
    ...['rabbitmq.conf', 'rabbitmq-plugins.conf', 'redis.conf', 'Caddyfile'].map((file) => `ops/split/${file}`),
    'package.json',
    'package-lock.json',
    'vite.config.ts',
    'svelte.config.js',
    'web/main.ts',
    'contracts/web.ts',
    'services/vault/main.ts',
    'scripts/build-ui.ts',
    'src/main.ts',
  ].map((path) => [path, read(path)]),
);

const findings = (files: Record<string, string>): string[] => withTree(files, (at) => checkOps(at).findings);

describe('what the program is deployed with', () => {
  test('is fine as it is, and all of it was looked at', () => {
    assert.deepEqual(
      withTree(OURS, (at) => checkOps(at)),
      { looked: 5, findings: [] },
    );
  });

  const split = 'ops/compose.split.yaml';
  const single = 'ops/compose.yaml';
  const wrong: [what: string, files: Record<string, string>, says: RegExp][] = [
    [
      'a container that can write its own files',
      changed(single, 'read_only: true', 'read_only: false'),
      /guildhall: read_only/,
    ],
    ['a container that runs as root', changed(single, /user: .*/, "user: '0:0'"), /user "0:0" is not a number/],
    [
      'a container that names a user, who may be root',
      changed(split, "user: '999:999'", 'user: redis'),
      /user "redis"/,
    ],
    ['capabilities left as they come', changed(single, 'cap_drop: [ALL]', 'cap_drop: [KILL]'), /cap_drop is not/],
    ['a capability nobody agreed on', changed(split, '[NET_BIND_SERVICE]', '[SYS_ADMIN]'), /caddy: cap_add SYS_ADMIN/],
    ['rights that can be gained', changed(single, /security_opt: .*/, 'privileged: true'), /no-new-privileges/],
    ['the host’s network', changed(single, 'init: true', 'network_mode: host'), /shares something of the host/],
    ['a service that nobody asks whether it lives', changed(split, 'test: [', 'was: ['), /has no healthcheck/],
    ['an image of any version', changed(split, 'redis:7.2.10-bookworm', 'redis:7'), /redis:7 is not pinned/],
    [
      'an image from nowhere in particular',
      changed(split, 'docker.io/library/redis', 'redis'),
      /redis: the image redis:7.2.10/,
    ],
    ['a port that is open to all', changed(single, "'127.0.0.1:${", "'${"), /guildhall: opens .* to all/],
    ['too little time to finish', changed(single, 'grace_period: 25s', 'grace_period: 10s'), /under 25s/],
    ['a setting that there is not', changed(single, 'SIGNUP:', 'SIGN_UP:'), /SIGN_UP is not a setting/],
    ['a setting that is not passed on', changed(single, '      READ_LIMIT:\n', ''), /does not pass READ_LIMIT on/],
    [
      'a password in the file',
      changed(single, 'DISCORD_TOKEN:', 'DISCORD_TOKEN: abc'),
      /DISCORD_TOKEN has a value here/,
    ],
    [
      'an address with a password',
      changed(single, 'REDIS_URL:', 'REDIS_URL: rediss://a:b@redis'),
      /REDIS_URL has a value/,
    ],
    [
      'a file that is not there',
      changed(split, './split/redis.conf', './split/gone.conf'),
      /there is no ops\/split\/gone.conf/,
    ],
    [
      'a role without a service',
      changed(split, "['--role', 'twitch']", "['--role', 'slack']"),
      /has no service for twitch/,
    ],
    ['a volume nobody declared', changed(split, 'broker:/var', 'brok:/var'), /uses the volume brok and has none/],
    [
      'a network nobody uses',
      changed(split, '  front:\n', '  front:\n  other:\n'),
      /has a network other that nobody uses/,
    ],
    ['what cannot be read', { ...OURS, [single]: 'services: [' }, /compose\.yaml cannot be read/],

    [
      'a base of any version',
      changed('ops/Dockerfile', ':24.21.0-bookworm-slim', ':24-slim'),
      /node:24-slim is not pinned/,
    ],
    ['an image that starts as root', changed('ops/Dockerfile', 'USER 10001:10001', 'USER root'), /USER "root"/],
    ['an image without a health check', changed('ops/Dockerfile', /HEALTHCHECK.*/, ''), /has no HEALTHCHECK/],
    [
      'a start through a shell',
      changed('ops/Dockerfile', /ENTRYPOINT.*/, 'ENTRYPOINT node a.ts'),
      /goes through a shell/,
    ],
    ['packages past the lock', changed('ops/Dockerfile', 'npm ci', 'npm install'), /npm install does not hold/],
    ['a secret in the image', changed('ops/Dockerfile', 'ENV NODE', 'ENV A_TOKEN=1 NODE'), /ENV keeps a secret/],
    ['a copy of what is not there', changed('ops/Dockerfile', 'COPY scripts', 'COPY skripts'), /there is no skripts/],

    [
      'a unit that writes where it likes',
      changed('ops/systemd/guildhall.service', '=strict', '=full'),
      /ProtectSystem is not/,
    ],
    [
      'a unit that starts on wrong settings for ever',
      changed('ops/systemd/guildhall@.service', '=78', '=1'),
      /PreventExitStatus/,
    ],
    [
      'a unit that V8 cannot start in',
      changed('ops/systemd/guildhall.service', 'UMask=0077', 'MemoryDenyWriteExecute=yes'),
      /V8/,
    ],
    [
      'a unit that is killed before it is done',
      changed('ops/systemd/guildhall.service', 'StopSec=25', 'StopSec=5'),
      /TimeoutStopSec/,
    ],
    [
      'a unit whose vault loses its keys at each start',
      changed('ops/systemd/guildhall@.service', 'StateDirectory=guildhall-%i', 'UMask=0077'),
      /keeps no data/,
    ],
    [
      'a unit that ends the vault before the program',
      changed('ops/systemd/guildhall.service', 'KillMode=mixed', 'KillMode=process'),
      /KillMode is not/,
    ],
    [
      'a unit with a setting twice',
      changed('ops/systemd/guildhall.service', 'UMask=0077', 'Type=exec'),
      /Type stands there twice/,
    ],
    [
      'a unit with a line that says nothing',
      changed('ops/systemd/guildhall.service', 'UMask=0077', 'UMask 0077'),
      /cannot be read/,
    ],
    [
      'a template that runs one role',
      changed('ops/systemd/guildhall@.service', '--role %i', '--role hall'),
      /not the role/,
    ],
  ];
  for (const [what, files, says] of wrong)
    test(`${what} is found`, () => {
      const found = findings(files);
      assert.ok(
        found.some((one) => says.test(one)),
        `\n${found.join('\n')}`,
      );
    });
});
