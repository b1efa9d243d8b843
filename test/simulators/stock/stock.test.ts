import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type StockSource, startStock } from './index.ts';

describe('the stand-in of the quote source', () => {
  let source: StockSource;
  before(async () => (source = await startStock()));
  after(() => source.stop());
  beforeEach(() => source.behave('good'));

  const ask = (code: string, signal = AbortSignal.timeout(5_000)): Promise<Response> =>
    fetch(`${source.url}?s=${encodeURIComponent(code)}&f=sd2t2ohlcv&h&e=csv`, { signal });
  const control = (body: string): Promise<Response> => fetch(source.control, { method: 'POST', body });

  test('a known code gives a header and one row, the close in the seventh field', async () => {
    const lines = (await (await ask('aapl.us')).text()).split('\r\n');
    assert.equal(lines[0], 'Symbol,Date,Time,Open,High,Low,Close,Volume');
    assert.deepEqual([lines[1]?.split(',')[0], lines[1]?.split(',')[6]], ['AAPL.US', '126.85']);
  });

  test('an index code with a caret is found, so codes are decoded', async () => {
    assert.match(await (await ask('^spx')).text(), /\^SPX,2021-05-18,.*,4127\.83,/);
  });

  test('an unknown code gives N/D in every field', async () => {
    assert.match(await (await ask('zzz')).text(), /\r\nZZZ,N\/D,N\/D,N\/D,N\/D,N\/D,N\/D,N\/D\r\n$/);
  });

  const bad: [mode: string, type: RegExp, body: RegExp][] = [
    ['html', /text\/html/, /<h1>/],
    ['nd', /text\/csv/, /AAPL\.US,N\/D/],
    ['quota', /text\/plain/, /daily hits limit/],
    ['garbage', /text\/csv/, /\0/],
    ['flood', /text\/csv/, /^A{1000}/],
  ];
  for (const [mode, type, body] of bad) {
    test(`told to be ${mode}, it is, until told otherwise`, async () => {
      assert.equal((await control(JSON.stringify({ mode }))).status, 204);
      const response = await ask('aapl.us');
      assert.match(response.headers.get('content-type') ?? '', type);
      assert.match(await response.text(), body);
      source.behave('good');
      assert.match(await (await ask('aapl.us')).text(), /126\.85/);
    });
  }

  test('down cuts the connection', async () => {
    source.behave('down');
    await assert.rejects(ask('aapl.us'), TypeError);
  });

  test('slow and drip keep a caller waiting until it gives up', async () => {
    source.behave('slow');
    await assert.rejects(ask('aapl.us', AbortSignal.timeout(50)), { name: 'TimeoutError' });
    source.behave('drip');
    const patience = new AbortController();
    const dripping = await ask('aapl.us', patience.signal);
    const reading = dripping.text();
    patience.abort();
    await assert.rejects(reading, { name: 'AbortError' });
  });

  test('the control address shows the mode and what was asked, and refuses a mode that it does not know', async () => {
    await ask('msft.us');
    const refused = await control('{"mode":"sleepy"}');
    assert.equal(refused.status, 400);
    const shown = (await (await fetch(source.control)).json()) as { mode: string; asked: { url: string }[] };
    assert.equal(shown.mode, 'good');
    assert.match(shown.asked.at(-1)?.url ?? '', /s=msft\.us/);
  });
});
