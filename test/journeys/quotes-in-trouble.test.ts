import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import type { Frame, Live } from '#test/support/live.ts';
import { member, owner as makeOwner, type Person } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';

/**
 * Whatever the quote source does, who asked is answered in a plain sentence, and the next good request works. Both shapes
 * beside each other, as most of the time is waiting for the source.
 */
describe('quotes, when the source is in trouble', { concurrency: SHAPES.length }, () => {
  for (const shape of SHAPES)
    describe(shape, { concurrency: 1 }, () => {
      let hall: Deployment;
      let stock: StockSource;
      let owner: Person;
      let room: string;
      let askers = 0;

      before(async () => {
        stock = await startStock();
        hall = await startDeployment(shape, { STOCK_URL: stock.url, SIGNUP_LIMIT: '100/60' });
        owner = await makeOwner(hall);
        room = await owner.makeRoom('markets');
      });
      after(async () => {
        await hall?.remove();
        await stock?.stop();
      });

      /** Somebody new each time, as one person may ask ten times a minute. */
      async function somebody(): Promise<Live> {
        const live = await (await member(owner, `asker-${(askers += 1)}`)).live();
        await live.subscribe(room);
        return live;
      }

      /** Asks in the room, and gives what came of it: first to the asker alone, then to the room or to the asker. */
      async function ask(symbol: string, live: Live): Promise<{ first: string; last: string; toAll: boolean }> {
        const seen = live.frames.length;
        const later = (frame: Frame): boolean => live.frames.indexOf(frame) >= seen;
        assert.equal((await live.post(room, `/stock ${symbol}`)).type, 'accepted');
        const first = await live.frame('private', later);
        const last = await live.frame(['message', 'private'], (frame) => later(frame) && frame !== first);
        return {
          first: first.reply.text,
          last: last.message?.text ?? last.reply.text,
          toAll: last.type === 'message',
        };
      }

      async function assertTold(live: Live): Promise<void> {
        const { first, last } = await ask('aapl.us', live);
        assert.equal(first, 'Looking up AAPL.US…');
        assert.match(last, /AAPL\.US/);
        assert.match(last, /^[A-Z][^!<>{}]*\.$/, 'a sentence, without anything of what the source sent');
        assert.doesNotMatch(last, /126\.85|Error|undefined|null|NaN/);
      }

      async function assertWellAgain(live: Live): Promise<void> {
        stock.behave('good');
        const expected = { first: 'Looking up MSFT.US…', last: 'MSFT.US quote is 252.46', toAll: true };
        assert.deepEqual(await ask('msft.us', live), expected);
        live.close();
      }

      test('an unknown code: no quote for it', async () => {
        const expected = { first: 'Looking up ZZZ…', last: 'No quote for ZZZ.', toAll: true };
        assert.deepEqual(await ask('zzz', await somebody()), expected);
      });

      test('a known code without figures: no quote for it either', async () => {
        const live = await somebody();
        stock.behave('nd');
        assert.equal((await ask('aapl.us', live)).last, 'No quote for AAPL.US.');
        await assertWellAgain(live);
      });

      for (const mode of ['down', 'html', 'quota', 'garbage', 'flood'] as const) {
        test(`the source is ${mode}: a plain sentence that names the code, and then all is well again`, async () => {
          const live = await somebody();
          stock.behave(mode);
          await assertTold(live);
          await assertWellAgain(live);
        });
      }

      test('the source is slow, and to another asker drips: both are told, and then all is well again', async () => {
        const [slow, dripping] = [await somebody(), await somebody()];
        stock.behave('slow');
        const asked = stock.asked.length;
        const told = assertTold(slow);
        await eventually('the source to be asked', () => stock.asked.length > asked || undefined);
        stock.behave('drip');
        await Promise.all([told, assertTold(dripping)]);
        await assertWellAgain(slow);
        await assertWellAgain(dripping);
      });

      test('a quote service that stays silent keeps nobody else from talking', async () => {
        const [asker, talker] = [await somebody(), await somebody()];
        stock.behave('slow');
        assert.equal((await asker.post(room, '/stock aapl.us')).type, 'accepted');
        const posted = await talker.post(room, 'Lovely weather.');
        assert.equal(posted.type, 'posted');
        await asker.frame('message', (frame) => frame.message.text === 'Lovely weather.');
        stock.behave('good');
        asker.close();
        talker.close();
      });

      test('the command lines are not stored, the answers for all are', async () => {
        const path = `/v1/rooms/${room}/messages?limit=200`;
        const { messages } = await owner.done<{ messages: { text: string; author: { kind: string } }[] }>('GET', path);
        assert.ok(messages.length >= 9);
        const people = messages.filter((message) => message.author.kind === 'person').map((message) => message.text);
        assert.deepEqual(people, ['Lovely weather.']);
        assert.ok(!messages.some((message) => message.text.startsWith('/')));
      });
    });
});
