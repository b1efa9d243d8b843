import { parseArgs } from 'node:util';
import { CommandSymbol, DEFAULT_SYMBOL } from '#core/command-setting.ts';
import { WrongUse, type CommandLine } from './command-line.ts';
import { inCommunity, type InCommunity } from './community.ts';

/** `space list`, `space set ID --symbol S|none`: a community's guilds, workspaces and channels, and the sign before commands there. */
export async function space(line: CommandLine): Promise<number> {
  const { values, positionals } = parse(line.words);
  const [act = '', id, ...rest] = positionals;
  const { symbol, community: named } = values;
  if (act === 'list' && id === undefined && symbol === undefined) return list(line, named);
  if (act !== 'set' || id === undefined || rest.length > 0 || symbol === undefined)
    throw new WrongUse('One of list, and set with the id of one space and --symbol.');
  const chosen = readSymbol(symbol);
  await inCommunity(line, named, async ({ community, port }) =>
    print(line, await port.setSymbol({ community, by: null, space: id, symbol: chosen })),
  );
  return 0;
}

async function list(line: CommandLine, named: string | undefined): Promise<number> {
  const spaces = await inCommunity(line, named, ({ community, port }) => port.spaces(community));
  for (const one of spaces) print(line, one);
  if (spaces.length === 0) line.say.note('space', 'none yet: the bot notes a place when it is first asked there');
  return 0;
}

function parse(words: string[]) {
  try {
    const options = { symbol: { type: 'string' }, community: { type: 'string' } } as const;
    return parseArgs({ args: words, allowPositionals: true, options });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

function readSymbol(given: string): string | null {
  if (given === 'none') return null;
  const checked = CommandSymbol.safeParse(given);
  if (!checked.success) throw new WrongUse(`--symbol ${checked.error.issues[0]?.message}; none takes it back.`);
  return checked.data;
}

type Space = Awaited<ReturnType<InCommunity['port']['setSymbol']>>;

function print({ say }: CommandLine, { id, platform, platformId, name, symbol, seenAt }: Space): void {
  const sign = platform === 'twitch' ? ` · commands begin with ${symbol ?? DEFAULT_SYMBOL}` : '';
  say.ok(id, `${platform} ${name} (${platformId}), noted ${seenAt}${sign}`);
}
