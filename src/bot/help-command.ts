import { optional, word } from '#core/arguments.ts';
import { command, usage, type AnyCommand } from '#core/command.ts';
import { whisper } from '#core/message.ts';
import { atLeast } from '#core/roles.ts';
import { TEXTS } from './texts.ts';

/** `/help` lists what the asker may use, `/help stock` tells one command's form. `commands` is asked late: it holds help too. */
export function helpCommand(commands: () => Iterable<AnyCommand>): AnyCommand {
  return command({
    name: 'help',
    summary: TEXTS.help.summary,
    args: { command: optional(word(TEXTS.help.command, /^\/?[a-z0-9_-]{1,40}$/i)) },
    example: '/help stock',
    allow: 'guest',
    limit: { uses: 30, perSeconds: 60 },
    run({ message, args }) {
      const mine = [...commands()].filter((one) => atLeast(message.who.role ?? 'guest', one.allow));
      if (args.command === undefined) return whisper(list(mine));
      const name = args.command.replace('/', '').toLowerCase();
      const found = mine.find((one) => one.name === name);
      return whisper(found ? describe(found) : TEXTS.help.unknown(name));
    },
  });
}

function list(commands: AnyCommand[]): string {
  const lines = commands.toSorted((a, b) => a.name.localeCompare(b.name)).map((one) => `${usage(one)}: ${one.summary}`);
  return [TEXTS.help.head, ...lines, TEXTS.help.foot].join('\n');
}

function describe(one: AnyCommand): string {
  const args = Object.entries(one.args).map(([name, argument]) => `${name}: ${argument.about}`);
  const { uses, perSeconds } = one.limit;
  return [
    `${usage(one)}: ${one.summary}`,
    ...args,
    TEXTS.help.example(one.example),
    TEXTS.help.limit(uses, perSeconds),
  ].join('\n');
}
