import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SHAPES } from '#test/support/deployment.ts';
import { type Expected, hears, type Part, PARTS } from '#test/support/stage.ts';
import type { Place, Stage, StageName, Way } from '#test/support/stage.ts';
import { stageFeature } from '#test/support/stage-commands.ts';
import { STAGES } from '#test/support/stages.ts';
import { play } from '#test/support/play.ts';
import { eventually } from '#test/support/wait.ts';

/** Five stories, told on every platform: who types what, and who then sees what. */
interface Story {
  name: string;
  acts: Act[];
}

/** A part of a story, in a room of its own. */
interface Act {
  room: string;
  rows: Row[];
}

/** Somebody types a line, and these see these answers: nobody sees anything else. */
interface Row {
  says: string;
  who: Part;
  /** Types the same at the same time. */
  too?: Part;
  /** As it is typed in the web chat; each platform has its own form of it. */
  types: string;
  /** Typed by the platform's other way, or exactly as it stands; as told: the example that was just given. */
  how?: 'other way' | 'as it stands' | 'as told';
  /** The owner changes the rules of a command before, over HTTP. */
  rule?: { command: string; change: Record<string, unknown> | ((stage: Stage) => Record<string, unknown>) };
  /** What goes wrong around it. */
  trouble?: 'delivered twice' | 'cut before the answer, then delivered twice' | 'typed while away';
  /** Seen by the asker alone before the answer is there. */
  meanwhile?: string;
  /** Seen by the asker alone. */
  told?: Expected['words'];
  lacks?: string[];
  /** Seen by everybody. */
  said?: Expected['words'];
  only?: StageName[];
  /** Where it goes another way than everywhere else. */
  on?: Partial<Record<StageName, 'left alone' | 'cannot be typed'>>;
}

const WHO_CHANGES = 'An admin or owner can change';

const STORIES: Story[] = [
  {
    name: 'a newcomer asks for help and follows it',
    acts: [
      {
        room: 'newcomer',
        rows: [
          {
            says: 'help lists what she may use, in the form in which it is typed there',
            who: 'mia',
            types: '/help',
            told: ['‹/echo words›', '‹/stock symbol›', '‹/help› and a name tells more'],
            lacks: ['‹/boss›'],
          },
          {
            says: 'help and a name tells the form of one command, with an example',
            who: 'mia',
            types: '/help stock',
            told: ['‹/stock symbol›: Latest price of a share', 'a ticker', 'For example ‹/stock aapl.us›'],
          },
          {
            says: 'the example works exactly as it stands there',
            who: 'mia',
            types: '/stock aapl.us',
            how: 'as told',
            meanwhile: 'Looking up AAPL.US…',
            said: 'AAPL.US quote is 126.85',
          },
        ],
      },
      {
        room: 'moderators',
        rows: [
          {
            says: 'a moderator is told of the moderators’ command as well',
            who: 'mona',
            types: '/help',
            told: ['‹/boss›', '‹/stock symbol›'],
          },
        ],
      },
    ],
  },
  {
    name: 'a quote',
    acts: [
      {
        room: 'quotes',
        rows: [
          {
            says: 'the asker hears meanwhile that it is looked up, and everybody the price',
            who: 'mia',
            types: '/stock msft.us',
            meanwhile: 'Looking up MSFT.US…',
            said: 'MSFT.US quote is 252.46',
          },
          {
            says: 'there is no quote for a code that nobody knows',
            who: 'max',
            types: '/stock zzz',
            meanwhile: 'Looking up ZZZ…',
            said: 'No quote for ZZZ.',
          },
        ],
      },
    ],
  },
  {
    name: 'typos',
    acts: [
      {
        room: 'typos',
        rows: [
          {
            says: 'a word that is none of a command’s is shown, with the form that is',
            who: 'mia',
            types: '/stock a&b',
            told: [
              '“a&b” is not a ticker such as aapl.us.',
              'The form is ‹/stock symbol›, for example ‹/stock aapl.us›',
            ],
          },
          {
            says: 'a word that is missing is named, with the form',
            who: 'mia',
            types: '/stock',
            told: [
              'It needs symbol: a ticker such as aapl.us.',
              'The form is ‹/stock symbol›, for example ‹/stock aapl.us›',
            ],
            on: { discord: 'cannot be typed' },
          },
          {
            says: 'a number that is none is shown, with the form',
            who: 'mia',
            types: '/add 2 three',
            told: ['“three” is not a whole number.', 'The form is ‹/add a b›, for example ‹/add 2 3›'],
            on: { discord: 'cannot be typed' },
          },
        ],
      },
      {
        room: 'unknown',
        rows: [
          {
            says: 'a command that is not there is named, with where to look; Twitch’s chat has other bots to ask',
            who: 'mia',
            types: '/nonsense at all',
            told: 'There is no command ‹/nonsense›. ‹/help› lists what there is.',
            on: { discord: 'cannot be typed', twitch: 'left alone' },
          },
          {
            says: 'the same by the platform’s other way to ask',
            who: 'mia',
            types: '/nonsense at all',
            how: 'other way',
            told: 'There is no command ‹/nonsense›. ‹/help› lists what there is.',
            only: ['discord', 'slack', 'slack events', 'twitch'],
            on: { twitch: 'left alone' },
          },
          {
            says: 'and the right form works',
            who: 'mia',
            types: '/add 2 3',
            said: '5',
          },
        ],
      },
    ],
  },
  {
    name: 'a community’s rules',
    acts: [
      {
        room: 'roles',
        rows: [
          {
            says: 'a member is refused a moderator’s command, and told who can change that',
            who: 'mia',
            types: '/boss',
            told: ['moderator', WHO_CHANGES],
          },
          {
            says: 'the owner lets members use it: now it works',
            who: 'mia',
            types: '/boss',
            rule: { command: 'boss', change: { allow: 'member' } },
            said: 'You are the boss.',
          },
        ],
      },
      {
        room: 'names',
        rows: [
          {
            says: 'the owner names the people who may: who is not named is refused',
            who: 'mia',
            types: '/boss',
            rule: { command: 'boss', change: (stage) => ({ allow: [stage.account('max')] }) },
            told: `‹/boss› is for named people here. ${WHO_CHANGES} that.`,
          },
          {
            says: 'a moderator who is not named is refused as well',
            who: 'mona',
            types: '/boss',
            told: `‹/boss› is for named people here. ${WHO_CHANGES} that.`,
          },
          {
            says: 'who is named may',
            who: 'max',
            types: '/boss',
            said: 'You are the boss.',
          },
        ],
      },
      {
        room: 'pace',
        rows: [
          {
            says: 'with a cooldown the first use is answered',
            who: 'max',
            types: '/echo one',
            rule: { command: 'echo', change: { cooldownSeconds: 60 } },
            said: 'one',
          },
          {
            says: 'the second is told how long to wait',
            who: 'max',
            types: '/echo two',
            told: ['‹/echo› has a cooldown of 60 seconds here.', /Try again in (60|5\d) seconds\./, WHO_CHANGES],
          },
          {
            says: 'it is each person’s own',
            who: 'mia',
            types: '/echo three',
            said: 'three',
          },
          {
            says: 'the owner ends it: nobody has to wait any more',
            who: 'max',
            types: '/echo four',
            rule: { command: 'echo', change: { cooldownSeconds: null } },
            said: 'four',
          },
        ],
      },
      {
        room: 'switches',
        rows: [
          {
            says: 'the owner switches a command off: that is told; Discord does not offer it any more',
            who: 'mia',
            types: '/echo hello',
            rule: { command: 'echo', change: { on: false } },
            told: '‹/echo› is switched off here. An admin or owner can switch it on.',
            on: { discord: 'cannot be typed' },
          },
          {
            says: 'the same by the platform’s other way to ask',
            who: 'mia',
            types: '/echo hello',
            how: 'other way',
            told: '‹/echo› is switched off here. An admin or owner can switch it on.',
            only: ['discord', 'slack', 'slack events'],
          },
          {
            says: 'help does not list it any more',
            who: 'max',
            types: '/help',
            told: ['‹/stock symbol›'],
            lacks: ['‹/echo words›'],
          },
          {
            says: 'the owner switches it on again: it works',
            who: 'mia',
            types: '/echo hello',
            rule: { command: 'echo', change: { on: true } },
            said: 'hello',
          },
        ],
      },
      {
        room: 'signs',
        rows: [
          {
            says: 'on Twitch a command can have another sign',
            who: 'mia',
            types: '?echo by the new sign',
            how: 'as it stands',
            rule: { command: 'echo', change: { symbol: '?' } },
            said: 'by the new sign',
            only: ['twitch'],
          },
          {
            says: 'by the old sign it is not meant any more',
            who: 'mia',
            types: '!echo by the old sign',
            how: 'as it stands',
            only: ['twitch'],
            on: { twitch: 'left alone' },
          },
          {
            says: 'elsewhere such a sign changes nothing',
            who: 'mia',
            types: '/echo as ever',
            rule: { command: 'echo', change: { symbol: '?' } },
            said: 'as ever',
            only: ['webchat', 'http', 'discord', 'slack', 'slack events'],
          },
          {
            says: 'without a sign of its own it has the channel’s again',
            who: 'mia',
            types: '/echo as before',
            rule: { command: 'echo', change: { symbol: null } },
            said: 'as before',
          },
        ],
      },
    ],
  },
  {
    name: 'trouble',
    acts: [
      {
        room: 'twice',
        rows: [
          {
            says: 'what the platform delivers twice is answered once',
            who: 'mia',
            types: '/echo once',
            trouble: 'delivered twice',
            said: 'once',
          },
          {
            says: 'the next one is answered once too',
            who: 'max',
            types: '/echo and once more',
            said: 'and once more',
          },
        ],
      },
      {
        room: 'cuts',
        rows: [
          {
            says: 'the connection is cut before two have their answers, and one is delivered again: each is answered once',
            who: 'mia',
            too: 'max',
            types: '/slow 1',
            trouble: 'cut before the answer, then delivered twice',
            meanwhile: 'This takes a while…',
            said: 'Done after 1 s.',
          },
        ],
      },
      {
        room: 'away',
        rows: [
          {
            says: 'what is typed while the platform is away is answered when it is back; Twitch does not keep it',
            who: 'max',
            types: '/echo is anybody there?',
            trouble: 'typed while away',
            said: 'is anybody there?',
            // The page needs its connection.
            on: { twitch: 'left alone', webchat: 'cannot be typed' },
          },
          {
            says: 'then all is as before',
            who: 'mia',
            types: '/echo all is well',
            said: 'all is well',
          },
        ],
      },
    ],
  },
];

const NAMES: StageName[] = ['webchat', 'http', 'discord', 'slack', 'slack events', 'twitch'];

/** The stages run beside each other, as most of their time is waiting; on a stage the stories are told in turn. */
for (const shape of SHAPES)
  describe(`five stories, ${shape}`, { concurrency: NAMES.length }, () => {
    for (const name of NAMES) {
      describe(`on ${name}`, { concurrency: 1 }, () => {
        let stage: Stage;
        const told: Told[] = [];
        before(async () => {
          const rooms = STORIES.flatMap(({ acts }) => acts.map(({ room }) => room));
          stage = await STAGES[name]({ rooms, features: [stageFeature('echo', 'boss', 'add', 'slow')], shape });
        });
        after(() => stage?.close());
        for (const story of STORIES)
          describe(story.name, { concurrency: 1 }, () => {
            for (const act of story.acts) told.push(tell(name, act, () => stage));
            after(() => stage && asDeclared(stage));
          });
        test('nobody heard anything else, and the platform has nothing to complain about', async (t) => {
          assert.deepEqual(stage.violations(), []);
          if (told.some(({ failed }) => failed)) return t.skip('after a story that failed');
          for (const who of PARTS)
            await hears(
              stage,
              stage,
              who,
              told.flatMap(({ heard }) => heard[who]),
            );
          assert.deepEqual(await stage.notReady(), []);
        });
      });
    }
  });

/** What each person is expected to have heard in the room of an act, so far. */
interface Told {
  heard: HeardBy;
  failed: boolean;
}

type HeardBy = Record<Part, Expected[]>;

/** The scenes of one act. */
function tell(name: StageName, { room, rows }: Act, stage: () => Stage): Told {
  const told: Told = { heard: { mia: [], max: [], mona: [], olga: [] }, failed: false };
  const scene = play(async () => void (told.failed = true));
  for (const row of rows.filter(({ only }) => !only || only.includes(name)))
    scene(row.says, () => perform(stage(), room, row, told.heard));
  return told;
}

/** A story leaves no rules behind, also where it failed. */
async function asDeclared(stage: Stage): Promise<void> {
  for (const command of ['boss', 'echo'])
    await stage.set(command, { on: true, allow: null, cooldownSeconds: null, symbol: null });
}

async function perform(stage: Stage, room: string, row: Row, heard: HeardBy): Promise<void> {
  if (row.rule) {
    const { command, change } = row.rule;
    await stage.set(command, typeof change === 'function' ? change(stage) : change);
  }
  const place = stage.room(room);
  const other = row.on?.[stage.name];
  if (row.trouble === 'typed while away') await leave(stage);
  if (other === 'cannot be typed') await assert.rejects(type(place, row));
  else await ask(stage, place, row, heard);
  if (row.trouble === 'typed while away') await stage.back();
  if (other !== undefined) return;
  expect(stage, row, heard, ['told', 'said']);
  await everybodyHears(stage, place, heard);
}

/** Types it, with what goes wrong meanwhile. What is seen before the answer is expected from here on. */
async function ask(stage: Stage, place: Place, row: Row, heard: HeardBy): Promise<void> {
  const id = await type(place, row);
  if (row.too) await type(place, { ...row, who: row.too });
  if (row.meanwhile !== undefined && stage.tellsMeanwhile) expect(stage, row, heard, ['meanwhile']);
  if (row.trouble?.startsWith('cut')) {
    await eventually('each to be told meanwhile', () => PARTS.every((who) => isTold(place, who, heard)) || undefined);
    await leave(stage);
    await stage.back();
  }
  if (row.trouble?.endsWith('delivered twice') && stage.redelivers) await place.again(id);
}

/** The rest of what is heard may be there already, where the machine is slow. */
const isTold = (place: Place, who: Part, heard: HeardBy): boolean => place.seen(who).length >= heard[who].length;

function type(place: Place, { who, types, how }: Row): Promise<string> {
  if (how === 'as it stands') return place.say(who, types);
  if (how !== 'as told') return place.ask(who, types, how === 'other way' ? 'other' : 'usual');
  const told = place.seen(who).at(-1)?.text ?? '';
  const [, example = ''] = /For example (.+?)(?: · |\n|$)/.exec(told) ?? [];
  return place.say(who, example);
}

/** The connection is cut. The hall knows, where it can know, and says so to whoever looks after it. */
async function leave(stage: Stage): Promise<void> {
  assert.deepEqual(await stage.notReady(), []);
  stage.cut();
  if (!stage.noticesAbsence) return;
  await eventually(`/health/ready to name ${stage.name}`, async () =>
    (await stage.notReady()).includes(stage.name) ? true : undefined,
  );
}

/** Adds what a row's words mean to what each person is expected to have heard. */
function expect(stage: Stage, row: Row, heard: HeardBy, kinds: ('meanwhile' | 'told' | 'said')[]): void {
  const way: Way = row.how === 'other way' ? 'other' : 'usual';
  for (const asker of [row.who, ...(row.too ? [row.too] : [])])
    for (const kind of kinds) {
      const words = row[kind];
      if (words === undefined) continue;
      const one = { words, way, private: kind !== 'said', ...(kind === 'told' && row.lacks && { lacks: row.lacks }) };
      const forAll = kind === 'said' || !stage.hides;
      for (const who of forAll ? PARTS : [asker]) heard[who].push(one);
    }
}

async function everybodyHears(stage: Stage, place: Place, heard: HeardBy): Promise<void> {
  for (const who of PARTS) await hears(stage, place, who, heard[who]);
}
