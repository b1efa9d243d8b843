/** One IRC message, taken apart. Tags are unescaped; the last of `params` is the text, where there is one. */
export interface IrcLine {
  tags: Record<string, string>;
  prefix: string;
  command: string;
  params: string[];
}

/** What makes a line to send: `text` goes last and may have spaces. */
export interface IrcParts {
  tags?: Record<string, string>;
  prefix?: string;
  command: string;
  params?: string[];
  text?: string;
}

/** Reads one line without its ending. The form is that of RFC 1459 with IRCv3 message tags. */
export function parseLine(raw: string): IrcLine {
  const [, tags = '', prefix = '', rest = ''] = /^(?:@(\S*) +)?(?::(\S*) +)?(.*)$/s.exec(raw) ?? [];
  const [, middle = '', text] = /^(.*?)(?: :(.*))?$/s.exec(rest) ?? [];
  const [command = '', ...params] = middle.split(' ').filter((word) => word !== '');
  if (text !== undefined) params.push(text);
  return { tags: parseTags(tags), prefix, command: command.toUpperCase(), params };
}

/** Writes one line without its ending. */
export function formatLine({ tags, prefix, command, params = [], text }: IrcParts): string {
  const words = [command, ...params];
  if (prefix !== '') words.unshift(`:${prefix ?? SERVER}`);
  if (tags) words.unshift(`@${formatTags(tags)}`);
  if (text !== undefined) words.push(`:${text}`);
  return words.join(' ');
}

/** The name that Twitch's chat servers go by. */
export const SERVER = 'tmi.twitch.tv';

/** Several lines may come in one frame; an empty one is none. */
export const linesOf = (frame: string): string[] => frame.split(/\r?\n/).filter((line) => line !== '');

function parseTags(raw: string): Record<string, string> {
  const pairs = raw.split(';').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at), unescapeTag(pair.slice(at + 1))];
    }),
  );
}

const formatTags = (tags: Record<string, string>): string =>
  Object.entries(tags)
    .map(([name, value]) => `${name}=${escapeTag(value)}`)
    .join(';');

/** https://ircv3.net/specs/extensions/message-tags.html#escaping-values */
const ESCAPES: Record<string, string> = { ';': '\\:', ' ': '\\s', '\\': '\\\\', '\r': '\\r', '\n': '\\n' };
const ESCAPED: Record<string, string> = { ':': ';', s: ' ', '\\': '\\', r: '\r', n: '\n' };

const escapeTag = (value: string): string => value.replace(/[; \\\r\n]/g, (sign) => ESCAPES[sign] ?? sign);

/** An escape that means nothing gives its letter; a lone backslash at the end is dropped. */
const unescapeTag = (value: string): string => value.replace(/\\(.?)/gs, (_, sign: string) => ESCAPED[sign] ?? sign);
