import { setTimeout as pause } from 'node:timers/promises';
import { optional, text, whole, word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import type { Feature } from '#core/feature.ts';
import { job, later, work } from '#core/job.ts';
import { say, whisper } from '#core/message.ts';

/** A picture of one point. */
export const DOT = {
  url: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  alt: 'A single red dot',
  width: 1,
  height: 1,
};

/** Names with their figures, as a table. */
export const SCORES = {
  columns: [{ name: 'name' }, { name: 'points', numeric: true }],
  rows: [
    ['Ada', '1815'],
    ['Grace', '1906'],
    ['Linus', '1969'],
  ],
};

/** The n-th of so many lines. */
export const numbered = (n: number, lines: number): string => `This is line ${n} of ${lines}.`;

/** What would call people if it went out as it is; `id` is somebody's on the platform. */
export const shouted = (id: string): string =>
  `@everyone @here @max <!channel> <!here|here> <!everyone> <@${id}> <@!${id}>`;

const open = { allow: 'member', limit: { uses: 1_000, perSeconds: 1 } } as const;

const slowJob = job<{ seconds: number }>({ name: 'stage.slow', failed: () => 'It took too long.', seconds: 14 });

const COMMANDS: AnyCommand[] = [
  command({
    ...open,
    name: 'echo',
    summary: 'Says it for all',
    args: { words: text('what to say') },
    example: '/echo hello',
    run: ({ args }) => say(args.words),
  }),
  command({
    ...open,
    name: 'secret',
    summary: 'Says it to you alone',
    args: { words: text('what to say') },
    example: '/secret hello',
    run: ({ args }) => whisper(args.words),
  }),
  command({
    ...open,
    name: 'boss',
    summary: 'For moderators',
    args: {},
    example: '/boss',
    allow: 'moderator',
    run: () => say('You are the boss.'),
  }),
  command({
    ...open,
    name: 'add',
    summary: 'Adds two numbers',
    args: { a: whole('a number', -1_000, 1_000), b: whole('a number', -1_000, 1_000) },
    example: '/add 2 3',
    run: ({ args }) => say(`${args.a + args.b}`),
  }),
  command({
    ...open,
    name: 'slow',
    summary: 'Takes its time',
    args: { seconds: optional(whole('how long', 0, 10)) },
    example: '/slow',
    run: ({ args }) => later(slowJob, { seconds: args.seconds ?? 4 }, whisper('This takes a while…')),
  }),
  command({
    ...open,
    name: 'long',
    summary: 'Says many lines',
    args: { lines: whole('how many', 1, 1_000) },
    example: '/long 200',
    run: ({ args }) => say(Array.from({ length: args.lines }, (_, n) => numbered(n + 1, args.lines)).join('\n')),
  }),
  command({
    ...open,
    name: 'picture',
    summary: 'Shows a picture',
    args: {},
    example: '/picture',
    run: () => ({ ...say('Look at this'), pictures: [DOT] }),
  }),
  command({
    ...open,
    name: 'table',
    summary: 'Shows a table',
    args: {},
    example: '/table',
    run: () => ({ ...say('The scores'), table: SCORES }),
  }),
  command({
    ...open,
    name: 'shout',
    summary: 'Names everybody',
    args: { id: word('an id') },
    example: '/shout 1',
    run: ({ args }) => say(shouted(args.id)),
  }),
];

/** Commands that answer in every way there is: those named, or all. */
export function stageFeature(...names: string[]): Feature {
  const commands = COMMANDS.filter(({ name }) => names.length === 0 || names.includes(name));
  const slow = work(slowJob, async ({ seconds }, signal) => {
    await pause(seconds * 1_000, undefined, { signal });
    return say(`Done after ${seconds} s.`);
  });
  return { name: 'stage', commands, jobs: [slow] };
}
