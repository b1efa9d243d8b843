import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { parseArguments } from '#core/arguments.ts';
import { valuesOf } from '#core/feature-settings.ts';
import type { Later } from '#core/job.ts';
import { startStock, type StockSource } from '#test/simulators/stock/index.ts';
import { quoteHandler } from './quote.handler.ts';
import { codeIn, readQuote } from './rules.ts';
import { stockSettings } from './settings.ts';
import { stockCommand } from './stock.command.ts';
import { quoteAddress } from './stooq.external.ts';

const HEAD = 'Symbol,Date,Time,Open,High,Low,Close,Volume';

describe('reading what the source answers', () => {
  test('the close is said as the source wrote it', () => {
    const csv = `${HEAD}\r\nAAPL.US,2021-05-18,22:00:01,126.56,126.99,124.78,126.850,63342929\r\n`;
    assert.deepEqual(readQuote(csv, 'AAPL.US'), { found: true, close: '126.850' });
  });

  test('N/D is a code that the source does not know', () => {
    assert.deepEqual(readQuote(`${HEAD}\nZZZ,N/D,N/D,N/D,N/D,N/D,N/D,N/D\n`, 'ZZZ'), { found: false });
  });

  const bad: [what: string, answer: string][] = [
    ['nothing', ''],
    ['a head line alone', HEAD],
    ['a web page', '<!doctype html><title>Maintenance</title>'],
    ['a quota notice', 'Exceeded the daily hits limit'],
    ['half a row', `${HEAD}\nAAPL.US,2021-05-18,22:00:01,126`],
    ['a row of another code', `${HEAD}\nMSFT.US,2021-05-18,22:00:01,1,1,1,252.46,1`],
    ['a close that is no price', `${HEAD}\nAAPL.US,2021-05-18,22:00:01,1,1,1,<b>126.85</b>,1`],
    ['a negative price', `${HEAD}\nAAPL.US,2021-05-18,22:00:01,1,1,1,-3,1`],
    ['other columns', 'Symbol,Date,Close\nAAPL.US,2021-05-18,126.85'],
  ];
  for (const [what, answer] of bad) {
    test(`${what} is not a quote`, () =>
      assert.throws(() => readQuote(answer, 'AAPL.US'), /the quote service answered/));
  }
});

describe('asking the source', () => {
  let source: StockSource;
  before(async () => (source = await startStock()));
  after(() => source.stop());
  beforeEach(() => source.behave('good'));
  const ask = (symbol: string, signal = AbortSignal.timeout(10_000)) =>
    quoteHandler(fetch, source.url)({ symbol }, signal, { id: 'job_1' });

  test('a price is said in the room', async () => {
    assert.deepEqual(await ask('AAPL.US'), { text: 'AAPL.US quote is 126.85', private: false });
    assert.deepEqual(await ask('ZZZ'), { text: 'No quote for ZZZ.', private: false });
  });

  test('the address is the source’s own form, with the code encoded', async () => {
    await ask('^SPX');
    assert.equal(source.asked.at(-1)?.url, '/q/l/?s=%5Espx&f=sd2t2ohlcv&h&e=csv');
    assert.equal(
      quoteAddress('https://x.example/q/', 'A&f=x#'),
      'https://x.example/q/?s=a%26f%3Dx%23&f=sd2t2ohlcv&h&e=csv',
    );
  });

  for (const mode of ['html', 'quota', 'garbage', 'down'] as const) {
    test(`a source that is ${mode} is a failure, and the next good answer is one`, async () => {
      source.behave(mode);
      await assert.rejects(ask('AAPL.US'));
      source.behave('good');
      assert.match((await ask('AAPL.US')).text, /126\.85/);
    });
  }

  test('a flood is not read to its end', async () => {
    source.behave('flood');
    await assert.rejects(ask('AAPL.US'), /answered too much/);
  });

  test('a slow source is left when the job’s time is over', async () => {
    for (const mode of ['slow', 'drip'] as const) {
      source.behave(mode);
      await assert.rejects(ask('AAPL.US', AbortSignal.timeout(50)), { name: 'TimeoutError' });
    }
  });

  test('a redirect elsewhere is not followed, and an error status is a failure', async () => {
    const answers = [Response.redirect('http://127.0.0.1:9/', 302), new Response('busy', { status: 503 })];
    const inits: RequestInit[] = [];
    const handler = quoteHandler(async (_url, init) => {
      inits.push(init ?? {});
      return answers.pop() as Response;
    }, source.url);
    await assert.rejects(handler({ symbol: 'A' }, AbortSignal.timeout(1_000), { id: 'job_1' }), /answered 503/);
    await assert.rejects(handler({ symbol: 'A' }, AbortSignal.timeout(1_000), { id: 'job_1' }), /answered 302/);
    assert.ok(inits.every(({ redirect }) => redirect === 'error'));
  });
});

describe('/stock', () => {
  const run = (symbol: string, chosen: Record<string, unknown> = {}) => {
    const settings = valuesOf(stockSettings, { values: chosen, version: 1 });
    return stockCommand.run({ message: {} as never, args: { symbol } as never, settings: settings as never });
  };
  const parse = (line: string) => parseArguments(stockCommand.args, line);

  test('looks up the code in capitals, and tells the asker alone meanwhile', () => {
    assert.deepEqual(run('aapl.us'), {
      job: 'stock.quote',
      payload: { symbol: 'AAPL.US' },
      meanwhile: { text: 'Looking up AAPL.US…', private: true },
    });
  });

  test('looks up a code without a market in the community’s own', () => {
    assert.equal(codeIn('', 'aapl'), 'AAPL');
    assert.equal(codeIn('us', 'aapl'), 'AAPL.US');
    assert.equal(codeIn('US', 'brk-b'), 'BRK-B.US');
    assert.equal((run('aapl', { market: 'us' }) as Later).job, 'stock.quote');
    assert.deepEqual((run('aapl', { market: 'us' }) as Later).payload, { symbol: 'AAPL.US' });
  });

  test('leaves a code as it is that names its market, or is no share’s', () => {
    for (const code of ['VOD.UK', '^SPX', 'ES.F', 'CL=F', 'X_Y', '.']) assert.equal(codeIn('us', code), code);
    assert.equal(codeIn('us', 'eurusd.'), 'EURUSD');
    assert.equal(codeIn('', 'eurusd.'), 'EURUSD.', 'without a market nothing is changed');
  });

  test('says nothing meanwhile where the community wants it so', () => {
    assert.deepEqual(run('aapl.us', { tells: false }), { job: 'stock.quote', payload: { symbol: 'AAPL.US' } });
  });

  test('takes codes as the source has them, and nothing that is none', () => {
    for (const code of ['aapl.us', '^spx', 'BRK-B.US', 'eurusd', 'es.f']) assert.ok(parse(code).ok, code);
    for (const code of ['', 'a&b', 'a/b', '<b>', 'ÄÖ', 'a'.repeat(17), 'two words', 'a\u0000'])
      assert.ok(!parse(code).ok, code);
  });
});
