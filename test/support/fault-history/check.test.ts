import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkHistory } from './check.ts';
import { type Act, type History, type Kept, markOf } from './history.ts';

/** Ann says three things and asks for a quote, Ben is there all the time. */
function aGoodRun(): { history: History; kept: Kept[] } {
  const acts: Act[] = [
    act(1, { kind: 'post', seq: 1 }),
    act(2, { kind: 'post', seq: 2 }),
    act(3, { kind: 'stock' }),
    act(4, { kind: 'post', seq: 4 }),
    act(5, { kind: 'help', connection: 1 }),
    act(6, { kind: 'help', connection: 1 }),
  ];
  const history: History = {
    acts,
    readings: [
      { client: 'ann', connection: 1, room: 'square', after: 0, runs: [[1, 4]] },
      { client: 'ben', connection: 1, room: 'square', after: 0, runs: [[1, 2]] },
      { client: 'ben', connection: 2, room: 'square', after: 2, runs: [[3, 4]] },
    ],
    told: [5, 6].map((n) => ({ client: 'ann', connection: 1, mark: markOf(n) })),
    wrong: [],
  };
  return { history, kept: ['hall-1', 'hall-2'].map(aRoom) };
}

function aRoom(hall: string): Kept {
  const said = (seq: number, mark: number): Kept['messages'][number] => ({ seq, text: markOf(mark), bot: false });
  const answer = { seq: 3, text: `No quote for ${markOf(3).toUpperCase()}.`, bot: true };
  return { hall, room: 'square', messages: [said(1, 1), said(2, 2), answer, said(4, 4)] };
}

function act(n: number, more: Pick<Act, 'kind'> & Partial<Act>): Act {
  return { client: 'ann', room: 'square', mark: markOf(n), began: 10 * n, ended: 10 * n + 5, outcome: 'ok', ...more };
}

type Run = ReturnType<typeof aGoodRun>;

/** What somebody spoils, and the sentence that says so. */
const PLANTED: Record<string, [spoil: (run: Run) => void, sentence: RegExp]> = {
  'a lost post': [({ kept }) => kept.forEach(({ messages }) => messages.pop()), /w000004z was acknowledged .* is lost/],
  'a doubled post': [
    ({ kept }) => kept.forEach(({ messages }) => messages.push({ seq: 5, text: markOf(4), bot: false })),
    /w000004z is doubled, as 4 and 5/,
  ],
  'a post under another number': [
    ({ history }) => void (history.acts[1]!.seq = 7),
    /acknowledged as 7 and stands as 2/,
  ],
  'two posts in swapped order': [
    ({ history, kept }) => {
      [history.acts[0]!.seq, history.acts[1]!.seq] = [2, 1];
      for (const { messages } of kept) [messages[0]!.text, messages[1]!.text] = [markOf(2), markOf(1)];
    },
    /w000002z is 1, before w000001z, 2, which was there earlier/,
  ],
  'a post whose client was never told, twice': [
    ({ history, kept }) => {
      history.acts.push(act(7, { kind: 'post', outcome: 'unknown' }));
      for (const { messages } of kept) messages.push(...[5, 6].map((seq) => ({ seq, text: markOf(7), bot: false })));
    },
    /w000007z is doubled/,
  ],
  'a post that nobody made': [({ history }) => void history.acts.shift(), /nobody said w000001z/],
  'a number that is missing': [
    ({ kept }) => kept.forEach(({ messages }) => messages.splice(2, 1)),
    /number 4 follows 2/,
  ],
  'halls that disagree': [({ kept }) => void kept[1]!.messages.pop(), /hall-1 has "4 w000004z" where hall-2 has/],
  'a quote that was never said': [
    ({ kept }) => kept.forEach(({ messages }) => void (messages[2] = { seq: 3, text: markOf(4), bot: false })),
    /w000003z was accepted and is not answered/,
  ],
  'a quote that was said twice': [
    ({ kept }) => kept.forEach(({ messages }) => messages.push({ ...messages[2]!, seq: 5 })),
    /w000003z is answered 2 times/,
  ],
  'a message that a client never saw': [
    ({ history }) => void (history.readings[2]!.runs = [[4, 4]]),
    /shows 4 after 2/,
  ],
  'a message that a client saw twice': [
    ({ history }) => void history.readings[2]!.runs.unshift([2, 2]),
    /shows 2 after 2/,
  ],
  'a client that stays behind': [({ history }) => void history.readings.pop(), /ben has 2 of 4 messages/],
  'answers in another order than the questions': [
    ({ history }) => void history.told.reverse(),
    /was told w000006z before w000005z, which was asked earlier/,
  ],
  'an answer that is told twice': [
    ({ history }) => history.told.push({ client: 'ann', connection: 1, mark: markOf(5) }),
    /connection 1 of ann was told w000005z 2 times/,
  ],
  'an answer that is never told': [
    ({ history }) => void history.told.pop(),
    /connection 1 of ann is still there and was never told w000006z/,
  ],
  'somebody who was refused': [
    ({ history }) => void (history.acts[4]!.outcome = 'refused'),
    /ann was refused w000005z/,
  ],
  'what the clients themselves found': [({ history }) => void history.wrong.push('a session ended'), /a session ended/],
};

describe('the model by which runs with faults are judged', () => {
  test('finds nothing in a good run', () => {
    const { history, kept } = aGoodRun();
    assert.deepEqual(checkHistory(history, kept), []);
  });

  test('lets what nobody was told be there once, or not at all', () => {
    const { history, kept } = aGoodRun();
    history.acts.push(...[7, 8].map((n) => act(n, { kind: 'post', outcome: 'unknown' })));
    for (const { messages } of kept) messages.push({ seq: 5, text: markOf(7), bot: false });
    history.readings[0]!.runs = [[1, 5]];
    history.readings.at(-1)!.runs = [[3, 5]];
    assert.deepEqual(checkHistory(history, kept), []);
  });

  test('asks nothing about an answer of a connection that was lost, nor of what came on another one', () => {
    const { history, kept } = aGoodRun();
    history.readings.push({ client: 'ann', connection: 2, room: 'square', after: 4, runs: [] });
    history.told = [6, 5].map((n) => ({ client: 'ann', connection: 2, mark: markOf(n) }));
    assert.deepEqual(checkHistory(history, kept), []);
  });

  for (const [what, [spoil, sentence]] of Object.entries(PLANTED))
    test(`finds ${what}`, () => {
      const run = aGoodRun();
      spoil(run);
      assert.match(checkHistory(run.history, run.kept).join('\n'), sentence);
    });
});
