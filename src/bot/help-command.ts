import { optional, suggesting, word } from '#core/arguments.ts';
import { command, usage, type AnyCommand } from '#core/command.ts';
import type { CommandSetting } from '#core/command-setting.ts';
import { whisper, type Style } from '#core/message.ts';
import { atLeast } from '#core/roles.ts';
import { PLAIN, styled } from '#core/styled.ts';
import { offeredOn, usable } from './may-run.ts';
import { TEXTS } from './texts.ts';

export interface HelpParts {
  /** Asked late: it holds help too. */
  commands(): Iterable<AnyCommand>;
  /** All that a community decided, by command. */
  settings(community: string): Promise<ReadonlyMap<string, CommandSetting>>;
}

/** `/help` lists what the asker may use here, `/help` and a name tells one command's form; as it is typed where it was asked. */
export function helpCommand({ commands, settings }: HelpParts): AnyCommand {
  // Who types is not known here: what is for few people alone is left out.
  const names = (): string[] =>
    [...commands()].filter(({ allow }) => !atLeast(allow, 'moderator')).map(({ name }) => name);
  return command({
    name: HELP,
    summary: TEXTS.help.summary,
    args: { command: suggesting(optional(word(TEXTS.help.command, /^\/?[a-z0-9_-]{1,40}$/i)), names) },
    example: '/help help',
    allow: 'guest',
    limit: { uses: 30, perSeconds: 60 },
    async run({ message, args }) {
      const { style = PLAIN } = message;
      const decided = await settings(message.community);
      const mine = usable(offeredOn(message.from.platform, commands()), message.who, decided);
      if (args.command === undefined) return whisper(list(mine, style));
      const name = args.command.replace('/', '').toLowerCase();
      const found = mine.find((one) => one.name === name);
      return whisper(found ? describe(found, decided.get(name), style) : TEXTS.help.unknown(name, style));
    },
  });
}

const HELP = 'help';

function list(commands: AnyCommand[], style: Style): string {
  const sorted = commands.toSorted((a, b) => a.name.localeCompare(b.name));
  if (style.brief)
    return TEXTS.help.briefly(
      sorted.map((one) => usage(one, style)),
      style,
    );
  const lines = sorted.map((one) => `${usage(one, style)}: ${one.summary}`);
  const other = sorted.find(({ name }) => name !== HELP);
  return TEXTS.help.list(lines, other?.name ?? HELP, style);
}

function describe(one: AnyCommand, setting: CommandSetting | undefined, style: Style): string {
  const args = Object.entries(one.args).map(([name, argument]) => `${name}: ${argument.about}`);
  const { uses, perSeconds } = setting?.limit ?? one.limit;
  return [
    `${usage(one, style)}: ${one.summary}`,
    ...args,
    TEXTS.help.example(styled(one.example, style)),
    TEXTS.help.limit(uses, perSeconds),
    ...(setting?.cooldownSeconds ? [TEXTS.help.cooldown(setting.cooldownSeconds)] : []),
  ].join('\n');
}
