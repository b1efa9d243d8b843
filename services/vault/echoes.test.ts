import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ECHOES } from '#test/support/hostile-provider.ts';
import { seed } from '#test/support/seed.ts';
import { holdsSecret } from './echoes.ts';

const SECRET = 'k3y+Of/Torn~With=Signs';

const holds = (answer: string | Buffer, secret = SECRET): boolean =>
  holdsSecret(Buffer.from(answer), Buffer.from(secret));

/** A megabyte that looks like an answer; `more` stands in its middle. */
const megabyte = (piece: string, more = ''): string => {
  const half = piece.repeat(Math.floor((512 * 1024) / piece.length));
  return half + more + half;
};

describe('an answer of a provider', () => {
  for (const [name, echo] of Object.entries(ECHOES))
    it(`is refused when it holds the secret as ${name.replace('echo-', '').replaceAll('-', ' ')}`, () => {
      assert.equal(holds(`{"rows":[1,2,"${echo(SECRET)}"]}`), true);
      assert.equal(holds(echo(SECRET)), true);
    });

  it('is refused whatever stands before and behind the secret in base64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 9 }), (before, behind) => {
        const bytes = Buffer.concat([before, Buffer.from(SECRET), behind]);
        return holds(bytes.toString('base64')) && holds(bytes.toString('base64url'));
      }),
      { seed },
    );
  });

  it('is refused for any secret, with any of its characters escaped or percent-encoded', () => {
    const secret = fc.string({ minLength: 8, maxLength: 60, unit: 'grapheme' });
    fc.assert(
      fc.property(secret, fc.array(fc.nat(2), { minLength: 60, maxLength: 60 }), (text, ways) => {
        const written = [...text].map((char, n) => WAYS[ways[n] ?? 0]?.(char) ?? char).join('');
        return holds(`{"a":"${written}"}`, text);
      }),
      { seed },
    );
  });

  it('is refused when its escapes hold the secret percent-encoded', () => {
    const twice = [...encodeURIComponent('se%ret/with/slashes')]
      .map((char) => (char === '%' ? '\\u0025' : char))
      .join('');
    assert.equal(holds(twice, 'se%ret/with/slashes'), true);
  });

  it('is passed on when it holds other things, also parts of the secret', () => {
    for (const answer of [
      '',
      '{}',
      '{"fine":true}',
      SECRET.slice(0, -1),
      SECRET.slice(1),
      'x%',
      '\\',
      '\\u12',
      '%zz\\uzzzz',
    ])
      assert.equal(holds(answer), false, answer);
    assert.equal(holds(Buffer.from(SECRET.slice(0, 9)).toString('hex')), false);
  });

  it('of a megabyte is looked through completely', () => {
    for (const piece of ['{"name":"x","level":15},', '\\n', '%41', '\\u0041', '\\ud83d\\ude00', 'AaFf09']) {
      assert.equal(holds(megabyte(piece)), false, piece);
      assert.equal(holds(megabyte(piece, ECHOES['echo-hex-capitals']?.(SECRET))), true, piece);
    }
  });

  it('leaves the secret as it was', () => {
    const secret = Buffer.from(SECRET);
    holdsSecret(Buffer.from('{}'), secret);
    assert.equal(secret.toString(), SECRET);
  });
});

const WAYS: ((char: string) => string)[] = [
  (char) => char.replaceAll('%', '%25').replaceAll('\\', '\\\\'),
  (char) =>
    [...char]
      .flatMap((one) => one.split(''))
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  (char) => Buffer.from(char).toString('hex').replaceAll(/../g, '%$&'),
];
