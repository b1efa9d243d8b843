import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { readSealed } from '#contracts/sealed.ts';
import { SECRET_BYTES } from '#contracts/vault.ts';
import { formsIn } from '#test/support/canary.ts';
import { CANARY, keepKey, KEY, keyPair, noVault, type KeyPair } from '#test/support/keep-key.ts';
import { seed } from '#test/support/seed.ts';
import { optional, secret, SEALED, text, whole, word } from './arguments.ts';
import { command, type AnyCommand } from './command.ts';
import { LIMITS } from './limits.ts';
import { say } from './message.ts';
import { findSecret, findSecretOrSlip, sealedAsk, type Ask } from './secret-arguments.ts';

const plainCommand = (name: string, args: AnyCommand['args']): AnyCommand =>
  command({
    name,
    summary: name,
    args,
    example: `/${name}`,
    allow: 'member',
    limit: { uses: 1, perSeconds: 1 },
    run: () => say(''),
  });

const commands = new Map(
  [
    keepKey(),
    plainCommand('echo', { words: text('words') }),
    plainCommand('pair', {
      days: optional(whole('days', 1, 30)),
      first: secret('the first', 'one'),
      second: optional(secret('the second', 'two')),
    }),
    plainCommand('tag', { key: secret('a key', 'tag'), note: optional(text('a note', 50)) }),
  ].map((one) => [one.name, one]),
);

let keys: KeyPair;
before(async () => void (keys = await keyPair()));
const sealed = (ask: Ask): Promise<Ask> => sealedAsk(ask, 'acct_1', { commands, seal: keys.seal });

describe('a line with a secret', () => {
  const good: [line: string, args: Record<string, string>][] = [
    [`/keep-key mine ${KEY}`, { name: 'mine', key: KEY }],
    [`/keep-key=mine   ${KEY}  `, { name: 'mine', key: KEY }],
    [`/keep-key mine \`${KEY}\``, { name: 'mine', key: KEY }],
    [`/\`/keep-key mine ${KEY}\``, { name: 'mine', key: KEY }],
    [`\`\`\`\nkeep-key mine ${KEY}\n\`\`\``, { name: 'mine', key: KEY }],
    [`  /KEEP-KEY mine "${KEY} and ""more"""`, { name: 'mine', key: `${KEY} and "more"` }],
    ['/keep-key mine gs1.a.b.c', { name: 'mine', key: 'gs1.a.b.c' }],
  ];
  for (const [line, { name, key = '' }] of good) {
    test(`${line} goes on with the key sealed for who asks`, async () => {
      const ask = await sealed({ text: line });
      assert.ok('args' in ask && ask.wrong === undefined);
      assert.equal(ask.args['name'], name);
      assert.equal(await keys.open(String(ask.args['key']), { owner: 'acct_1', purpose: 'torn' }), key);
      await assert.rejects(keys.open(String(ask.args['key']), { owner: 'acct_2', purpose: 'torn' }));
    });
  }

  test('each of two is sealed for its own purpose, and what is no secret stays as it is', async () => {
    const ask = await sealed({ name: 'pair', args: { days: 3, first: 'a', second: 'b' } });
    assert.ok('args' in ask);
    assert.equal(ask.args['days'], 3);
    assert.equal(await keys.open(String(ask.args['first']), { owner: 'acct_1', purpose: 'one' }), 'a');
    assert.equal(await keys.open(String(ask.args['second']), { owner: 'acct_1', purpose: 'two' }), 'b');
  });

  test('what stands behind it goes on', async () => {
    const ask = await sealed({ text: `/tag ${KEY} for my phone` });
    assert.ok('args' in ask);
    assert.equal(ask.args['note'], 'for my phone');
  });

  const slips: [what: string, ask: Ask, says: RegExp][] = [
    ['too few words', { text: `/keep-key ${KEY}` }, /What was given for name is not a name for it/],
    ['too many words', { text: `/keep-key mine ${KEY} now` }, /more than this command takes/],
    ['the wrong order', { text: `/keep-key ${KEY} mine` }, /What was given for name/],
    ['a quote that is not closed', { text: `/keep-key mine "${KEY} x` }, /more than this command takes/],
    ['a colon behind the name', { text: `/keep-key:mine ${KEY}` }, /A blank/],
    ['no blank behind the name', { text: `/keep-key${KEY}` }, /A blank/],
    ['a blank behind the slash', { text: `/ keep-key mine ${KEY}` }, /A blank/],
    ['a comma before the name', { text: `/, keep-key mine ${KEY}` }, /A blank/],
    ['the name in bold letters', { text: `/**keep-key** mine ${KEY}` }, /A blank/],
    ['a spoiler around it', { text: `/||keep-key mine ${KEY}||` }, /A blank/],
    ['two ticks around it', { text: `/\`\`keep-key mine ${KEY}\`\`` }, /A blank/],
    ['a language named before it', { text: `/\`\`\`sh\nkeep-key mine ${KEY}\n\`\`\`` }, /A blank/],
    ['letters of full width', { text: `/ｋｅｅｐ-ｋｅｙ mine ${KEY}` }, /A blank/],
    ['a character in it that is not seen', { text: `/\u200bkeep-key mine ${KEY}` }, /A blank/],
    ['an argument of another name', { name: 'keep-key', args: { name: 'mine', kei: KEY } }, /does not have/],
    ['a list', { name: 'keep-key', args: { name: 'mine', key: [KEY] } }, /What was given for key/],
    ['a number', { name: 'keep-key', args: { name: 'mine', key: 123_456_789 } }, /What was given for key/],
    ['a note that is too long', { text: `/tag x ${KEY.repeat(9)}` }, /What was given for note is longer/],
    ['more bytes than a secret has', { text: `/tag ${'ä'.repeat(SECRET_BYTES / 2 + 1)}` }, /key is longer/],
    ['half a character', { name: 'tag', args: { key: `${KEY}\ud800` } }, /key holds half/],
  ];
  for (const [what, ask, says] of slips) {
    test(`with ${what} carries nothing of it on, and says what is wrong`, async () => {
      const onward = await sealed(ask);
      assert.ok('args' in onward);
      assert.deepEqual(onward.args, {});
      assert.match(onward.wrong ?? '', says);
      assert.deepEqual(formsIn(CANARY, JSON.stringify(onward)), []);
      assert.ok(!JSON.stringify(onward).includes('123456789'));
    });
  }

  test('with a misspelt name goes on with the name alone', async () => {
    assert.deepEqual(await sealed({ text: `/kep-key mine ${KEY}` }), { text: '/kep-key' });
    assert.deepEqual(await sealed({ name: 'kep-key', args: { key: KEY } }), { name: 'kep-key', args: {} });
  });

  test('typed alone where every line is a command goes on with nothing of it, in small letters either', async () => {
    assert.deepEqual(await sealed({ text: `/${KEY}` }), { text: '/•••' });
    assert.deepEqual(await sealed({ text: `/${'key'.repeat(9)} mine` }), { text: '/•••' });
    assert.deepEqual(await sealed({ name: KEY, args: {} }), { name: '•••', args: {} });
  });

  test('goes nowhere while nothing can be sealed', async () => {
    const away = sealedAsk({ text: `/keep-key mine ${KEY}` }, 'acct_1', { commands, seal: noVault });
    await assert.rejects(away, { code: 'vault-away' });
  });
});

test('commands without secrets are left as they are typed', async () => {
  for (const ask of [{ text: '/echo  two  words ' }, { name: 'echo', args: { words: 'x' } }])
    assert.equal(await sealed(ask), ask);
  const none = new Map([['echo', commands.get('echo') as AnyCommand]]);
  const unknown = { text: '/kep-key a b' };
  assert.equal(await sealedAsk(unknown, 'acct_1', { commands: none, seal: noVault }), unknown);
});

test('a name alone holds no secret', () => {
  const given = (line: string): boolean | undefined => findSecret({ text: line }, commands)?.given;
  assert.deepEqual(['/keep-key', '/keep-key ', '/keep-key x', '/keep-keyx', '/echo x'].map(given), [
    false,
    false,
    true,
    true,
    undefined,
  ]);
});

test('a misspelt name with something behind it is taken for the command where others read the line', () => {
  const meant = (text: string): string | undefined => findSecretOrSlip({ text }, commands)?.command.name;
  const near = [
    '/kep-key',
    '/keep-keys',
    '/keepkey',
    '/keep key',
    '/keep_key',
    '/kepe-key',
    '/keep-kez',
    '/, keep–key',
  ];
  for (const name of near) assert.equal(meant(`${name} mine ${KEY}`), 'keep-key', name);
  for (const line of ['/kep-key', '/echo keep-key', '/kp-key mine x', '/keyboard mine x', '/pai x y', '/keep the key'])
    assert.equal(meant(line), undefined, line);
});

test('a line of 4,000 blanks or signs, wherever they stand, is looked at in no time', () => {
  const many = (one: string): string => one.repeat(3_990);
  for (const text of [`${many(' ')}x`, `\`a${many(' ')}\`x`, `\`${many(' ')}\`x`, `/${many('.')}`, many('`')]) {
    const began = performance.now();
    for (let n = 0; n < 20; n++) findSecretOrSlip({ text }, commands);
    assert.ok(performance.now() - began < 250, JSON.stringify(text.slice(0, 5)));
  }
});

test('ordinary words that name the command hold no secret', () => {
  for (const text of ['keep-key is what you want', 'see `keep-key`', 'and/or keep-key x'])
    assert.equal(findSecret({ text }, commands), undefined, text);
});

test('no line with the secret in it, whatever it is, lets it through', async () => {
  const piece = fc.oneof(fc.constant(KEY), fc.constantFrom('mine', '"', '=', ' ', '\n', '/', 'x y', '""'), fc.string());
  const lines = fc.tuple(fc.constantFrom('keep-key', 'pair', 'KEEP-KEY'), fc.array(piece, { maxLength: 6 }));
  await fc.assert(
    fc.asyncProperty(lines, async ([name, pieces]) => {
      const onward = await sealed({ text: `/${name} ${pieces.join(' ')} ${KEY}` });
      assert.deepEqual(formsIn(CANARY, JSON.stringify(onward)), []);
    }),
    { seed, numRuns: 200 },
  );
});

test('the form of a sealed text here is the form that the vault reads', async () => {
  const real = await keys.seal(KEY, { owner: 'acct_1', purpose: 'torn' });
  const near = [
    '',
    'gs1',
    'gs1.a.b',
    'gs1.a.b.c.d',
    'gs2.a.b.c',
    'gs1..b.c',
    'gs1.a.b.c ',
    'gs1.a.b.c\n',
    'gs1.a.b.c=',
  ];
  for (const one of [real, 'gs1.a.b.c', 'gs1.-_.b.c', ...near])
    assert.equal(SEALED.test(one), readSealed(one) !== undefined, JSON.stringify(one));
  fc.assert(
    fc.property(fc.array(fc.constantFrom('gs1', '.', 'a', '-', '=', ' ', '\n')), (parts) => {
      const one = parts.join('');
      assert.equal(SEALED.test(one), readSealed(one) !== undefined);
    }),
    { seed },
  );
});

test('a secret is as long as the vault takes it', () => assert.equal(LIMITS.secretBytes, SECRET_BYTES));

test('a word that is not sealed is refused by a secret argument itself, without being quoted', () => {
  const { success, error } = secret('a key', 'torn').schema.safeParse(KEY);
  assert.equal(success, false);
  assert.deepEqual(formsIn(CANARY, String(error)), []);
  assert.equal(word('x').schema.safeParse('y').success, true);
});
