import assert from 'node:assert/strict';
import { type Heard, hears, type Place, type Stage } from '#test/support/stage.ts';
import { DOT, numbered, SCORES, shouted } from '#test/support/stage-commands.ts';
import { eventually } from '#test/support/wait.ts';

/** Something that every connector does, seen as people of its platform see it. Each case has a room of its own. */
export interface ConnectorCase {
  says: string;
  room: string;
  /** Begun with the stage, as it takes seconds. */
  begins?(place: Place): Promise<unknown>;
  holds(place: Place, stage: Stage): Promise<void>;
}

export const connectorsContract: ConnectorCase[] = [
  {
    says: 'what somebody asks is answered once, for all to see',
    room: 'answers',
    async holds(place, stage) {
      await place.ask('mia', '/echo hello there');
      for (const who of ['mia', 'max'] as const) await hears(stage, place, who, [{ words: 'hello there' }]);
    },
  },
  {
    says: 'a private answer is for the asker alone',
    room: 'secrets',
    async holds(place, stage) {
      await place.ask('mia', '/secret the key is under the mat');
      await place.ask('max', '/echo what?');
      const whispered = { words: 'the key is under the mat', private: true };
      await hears(stage, place, 'mia', [whispered, { words: 'what?' }]);
      await hears(stage, place, 'max', [...(stage.hides ? [] : [whispered]), { words: 'what?' }]);
    },
  },
  {
    says: 'there is another way to ask; in both arguments are read, each as what it is',
    room: 'ways',
    async holds(place, stage) {
      await place.ask('mia', '/add 2 3');
      await hears(stage, place, 'max', [{ words: '5' }]);
      await place.ask('mia', '/add -2 44', 'other');
      await hears(stage, place, 'max', [{ words: '5' }, { words: '42' }]);
    },
  },
  {
    says: 'what is typed around and in the words arrives as it was typed',
    room: 'typing',
    async holds(place, stage) {
      const words = 'R&D <b>"bold"</b> aapl.us a@b.example 50% #1 ünïcødé 👍';
      await place.ask('mia', `/echo ${words}`);
      const [heard] = await eventually('an answer', () =>
        place.seen('max').length > 0 ? place.seen('max') : undefined,
      );
      assert.equal(heard?.text.replace(INVISIBLE, ''), words);
      assert.equal(place.seen('max').length, 1, stage.name);
    },
  },
  {
    says: 'three lines at once are answered in the order of their asking',
    room: 'order',
    async holds(place, stage) {
      const lines = ['one', 'two', 'three'];
      await Promise.all(lines.map((line) => place.ask('mia', `/echo ${line}`)));
      await hears(
        stage,
        place,
        'max',
        lines.map((words) => ({ words })),
      );
    },
  },
  {
    says: 'a picture is shown, with its words for those who do not see it; where nothing can be shown the words must do',
    room: 'pictures',
    async holds(place, stage) {
      await place.ask('mia', '/picture');
      const heard = await allOf(place, (all) => shows(stage, all));
      assert.ok(textOf(heard).includes('Look at this'), textOf(heard));
      const bytes = Buffer.from(DOT.url.split(',')[1] ?? '', 'base64').length;
      const shown = heard
        .flatMap(({ attachments }) => attachments)
        .map((one) => ({ type: one.type, bytes: one.bytes }));
      assert.deepEqual(shown, stage.name === 'twitch' ? [] : [{ type: 'image/png', bytes }]);
      assert.ok(JSON.stringify(heard).includes(DOT.alt), 'its words are there');
      if (stage.name === 'twitch') assert.match(textOf(heard), /web chat/, 'where it can be seen');
    },
  },
  {
    says: 'a table arrives with every cell beside its neighbours',
    room: 'tables',
    async holds(place) {
      await place.ask('mia', '/table');
      const text = textOf(await allOf(place, (heard) => textOf(heard).includes('1969')));
      assert.match(text, /^The scores/);
      for (const row of SCORES.rows) assert.match(text, new RegExp(row.join('\\W+')));
    },
  },
  {
    says: 'a long text arrives whole and in order, cut between lines only; where there is no room its beginning, and a hint',
    room: 'long',
    async holds(place, stage) {
      const lines = 300;
      await place.ask('mia', `/long ${lines}`);
      if (stage.name === 'twitch') return holdsItsBeginning(place, lines);
      const heard = await allOf(place, (all) => textOf(all).includes(numbered(lines, lines)));
      const expected = Array.from({ length: lines }, (_, n) => numbered(n + 1, lines));
      assert.deepEqual(textOf(heard).split('\n'), expected);
      assert.deepEqual(textOf(place.seen('mia')), textOf(heard), 'the asker sees the same');
    },
  },
  {
    says: 'work that takes longer than a platform waits is told to the asker meanwhile, and its end to all',
    room: 'slow',
    begins: (place) => place.ask('mia', '/slow 4'),
    async holds(place, stage) {
      const meanwhile = { words: 'This takes a while…', private: true };
      const end = { words: 'Done after 4 s.' };
      await hears(stage, place, 'mia', [meanwhile, end]);
      await hears(stage, place, 'max', [...(stage.hides ? [] : [meanwhile]), end]);
    },
  },
  {
    says: 'what the platform delivers a second time, at once or later, is not answered again',
    room: 'twice',
    async holds(place, stage) {
      const id = await place.ask('mia', '/echo once');
      await place.again(id);
      await hears(stage, place, 'max', [{ words: 'once' }]);
      await place.again(id);
      await place.ask('max', '/echo that was all');
      await hears(stage, place, 'max', [{ words: 'once' }, { words: 'that was all' }]);
    },
  },
  {
    says: 'a refusal is told to the asker alone, with its reason; whoever may is answered',
    room: 'bosses',
    async holds(place, stage) {
      const refusal = { words: ['moderator', 'An admin or owner can change'], private: true };
      const done = { words: 'You are the boss.' };
      await place.ask('mia', '/boss');
      await hears(stage, place, 'mia', [refusal]);
      await place.ask('mona', '/boss');
      await hears(stage, place, 'mia', [refusal, done]);
      await place.ask('olga', '/boss');
      await hears(stage, place, 'mia', [refusal, done, done]);
      await hears(stage, place, 'max', [...(stage.hides ? [] : [refusal]), done, done]);
    },
  },
  {
    says: 'words that are not for the bot are left alone',
    room: 'chatter',
    async holds(place, stage) {
      for (const words of ['Good morning.', 'echo hello', 'I asked @Guildhall echo hello', 'Is !echo a command?'])
        await place.say('mia', words);
      await place.ask('max', '/echo nobody asked me before');
      await hears(stage, place, 'max', [{ words: 'nobody asked me before' }]);
    },
  },
  {
    says: 'what only looks like a command, changed afterwards or said by a program, is left alone',
    room: 'lookalikes',
    async holds(place, stage) {
      for (const { act } of stage.notCommands) await act(place.name, '/echo from nobody');
      await place.ask('max', '/echo from max');
      const heard = await allOf(place, (all) => all.some(({ text }) => text === 'from max'));
      assert.ok(stage.notCommands.length > 0);
      assert.deepEqual(
        heard.filter(({ text }) => text === 'from nobody'),
        [],
        stage.notCommands.map(({ what }) => what).join(', '),
      );
    },
  },
  {
    says: 'the bot’s own words are no command to it',
    room: 'parrot',
    async holds(place, stage) {
      for (const way of ['usual', 'other'] as const)
        await place.ask('mia', `/echo ${stage.typed('/echo and again', way)}`);
      await place.ask('mia', '/echo enough');
      const heard = await allOf(place, (all) => all.some(({ text }) => text === 'enough'));
      assert.equal(heard.length, 3, JSON.stringify(heard.map(({ text }) => text)));
    },
  },
  {
    says: 'whatever the bot says, it calls nobody',
    room: 'shouts',
    async holds(place, stage) {
      const id = stage.account('max').replace(/^.*:/, '');
      await place.ask('mia', `/shout ${id}`);
      const [heard] = await allOf(place, (all) => all.length > 0);
      assert.ok(heard);
      assert.equal(heard.text.replace(INVISIBLE, ''), shouted(id));
      assert.deepEqual(stage.called(heard), []);
    },
  },
  {
    says: 'the platform asks for a new connection: what is asked then is answered once',
    room: 'renewal',
    async holds(place, stage) {
      await place.ask('mia', '/echo before');
      await hears(stage, place, 'max', [{ words: 'before' }]);
      stage.askToReconnect();
      await stage.back();
      await place.ask('mia', '/echo behind');
      await hears(stage, place, 'max', [{ words: 'before' }, { words: 'behind' }]);
    },
  },
  {
    says: 'the connection is cut while an answer is on its way: it arrives once, and so does the next',
    room: 'cut',
    holds: (place, stage) => holdsOnIn(place, stage, async () => (stage.cut(), stage.back())),
  },
  {
    says: 'the hall is stopped in the middle of its work: after the next start the answer comes, once',
    room: 'restart',
    holds: (place, stage) => holdsOnIn(place, stage, () => stage.restart()),
  },
  {
    says: 'after all this the platform has nothing to complain about, and is ready',
    room: 'answers',
    async holds(_place, stage) {
      assert.deepEqual(stage.violations(), []);
      assert.deepEqual(await stage.notReady(), []);
    },
  },
];

/** Somebody asks, is told meanwhile, and then comes the trouble: the answer is heard once all the same. */
async function holdsOnIn(place: Place, stage: Stage, trouble: () => Promise<void>): Promise<void> {
  await place.ask('mia', '/slow 1');
  await eventually('something in between', () => place.seen('mia')[0]);
  await trouble();
  const meanwhile = { words: 'This takes a while…', private: true };
  const end = { words: 'Done after 1 s.' };
  await hears(stage, place, 'mia', [meanwhile, end]);
  await place.ask('max', '/echo here again');
  await hears(stage, place, 'mia', [meanwhile, end, { words: 'here again' }]);
  await hears(stage, place, 'max', [...(stage.hides ? [] : [meanwhile]), end, { words: 'here again' }]);
}

/** What keeps an @ from calling somebody; people do not see it. */
const INVISIBLE = /[\u200B\u2060]/g;

/** What somebody who did not ask has heard, once it is enough. */
function allOf(place: Place, enough: (heard: Heard[]) => boolean): Promise<Heard[]> {
  return eventually('the whole answer', () => {
    const heard = place.seen('max');
    return enough(heard) ? heard : undefined;
  });
}

const textOf = (heard: Heard[]): string => heard.map(({ text }) => text).join('\n');

const shows = (stage: Stage, heard: Heard[]): boolean =>
  stage.name === 'twitch' ? heard.length > 0 : heard.some(({ attachments }) => attachments.length > 0);

/** Three lines of 500 characters at most, and where to read on. */
async function holdsItsBeginning(place: Place, lines: number): Promise<void> {
  const heard = await allOf(place, (all) => all.length === 3);
  const text = textOf(heard);
  assert.ok(text.startsWith(numbered(1, lines)), text.slice(0, 60));
  assert.match(text, /… \(ask in the web chat for the rest\)$/);
  for (const one of heard) assert.ok([...one.text].length <= 500, `${one.text.length} characters`);
  const shown = text.match(/This is line \d+ of 300\./g) ?? [];
  assert.deepEqual(
    shown,
    shown.map((_, n) => numbered(n + 1, lines)),
    'in order, none left out',
  );
  assert.ok(shown.length > 40, `${shown.length} lines`);
}
