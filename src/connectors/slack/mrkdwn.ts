/**
 * Markdown as Slack writes it (mrkdwn). `&`, `<` and `>` are escaped wherever they stand, in code as well, so that nothing in
 * a text can become a mention, a link or a command of Slack's. https://docs.slack.dev/messaging/formatting-message-text
 */
export function mrkdwn(text: string): string {
  if (!MARKED.test(text)) return text;
  let fenced = false;
  const lines = text.split('\n').map((line) => {
    const opensOrCloses = line.startsWith(FENCE) && !line.includes(FENCE, FENCE.length);
    if (opensOrCloses) fenced = !fenced;
    if (opensOrCloses) return FENCE;
    return fenced || line.startsWith(FENCE) ? escape(line) : block(line);
  });
  return lines.join('\n');
}

/** `&`, `<` and `>` as Slack wants them. https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escape(text: string): string {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character] as string);
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Slack shows what stands behind an opening fence as the first line of the code, so a language is left out. */
const FENCE = '```';

/** Something in here is not plain words. */
const MARKED = /[&<>*_~`[\\@#]|^[ \t]*[-+]\s/m;

/** A heading, a point of a list, a quote, or words. */
function block(line: string): string {
  const heading = /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/.exec(line);
  if (heading) return `*${inline((heading[1] ?? '').replaceAll('**', ''))}*`;
  const point = /^(\s*)[-*+]\s+(.*)$/.exec(line);
  if (point) return `${point[1]}• ${inline(point[2] ?? '')}`;
  const quote = /^\s{0,3}>[\s>]*(.*)$/.exec(line);
  return quote ? `> ${block(quote[1] ?? '')}` : inline(line);
}

function inline(text: string): string {
  return text.replace(INLINE, (...found) => write(found.at(-1) as Marks));
}

interface Marks {
  code?: string;
  label?: string;
  target?: string;
  auto?: string;
  address?: string;
  boldItalic?: string;
  bold?: string;
  bold2?: string;
  italic?: string;
  strike?: string;
  literal?: string;
  at?: string;
  control?: string;
}

/** What begins first wins; of those that begin together, what stands first here. */
const INLINE = new RegExp(
  [
    '(?<tick>`{1,3})(?<code>.+?)\\k<tick>(?!`)',
    '!?\\[(?<label>[^\\]]*)\\]\\(\\s*<?(?<target>[^\\s()<>]*(?:\\([^\\s()<>]*\\)[^\\s()<>]*)*)>?(?:\\s+"[^"]*")?\\s*\\)',
    '<(?<auto>(?:https?:\\/\\/|mailto:)[^\\s<>]+)>',
    '(?<address>https?:\\/\\/[^\\s<>]+)',
    '\\*{3}(?=\\S)(?<boldItalic>.+?)(?<=\\S)\\*{3}',
    '\\*\\*(?=\\S)(?<bold>.+?)(?<=\\S)\\*\\*',
    '(?<![\\w])__(?=\\S)(?<bold2>.+?)(?<=\\S)__(?!\\w)',
    '(?<![\\w*])\\*(?=[^\\s*])(?<italic>[^*]+?)(?<=[^\\s*])\\*(?![\\w*])',
    '~~(?=\\S)(?<strike>.+?)(?<=\\S)~~',
    '\\\\(?<literal>[\\\\`*_{}[\\]()#+.!~<>|-])',
    '(?<at>@)(?=(?:here|channel|everyone|group)\\b)',
    '(?<control>[&<>])',
  ].join('|'),
  'g',
);

function write(marks: Marks): string {
  const bold = marks.bold ?? marks.bold2;
  const address = marks.auto ?? marks.address;
  if (marks.code !== undefined) return `\`${escape(marks.code.trim().replaceAll('`', "'"))}\``;
  if (marks.target !== undefined) return link(marks.target, marks.label ?? '');
  if (address !== undefined) return escape(address);
  if (marks.boldItalic !== undefined) return `*_${inline(marks.boldItalic)}_*`;
  if (bold !== undefined) return `*${inline(bold)}*`;
  if (marks.italic !== undefined) return `_${inline(marks.italic)}_`;
  if (marks.strike !== undefined) return `~${inline(marks.strike)}~`;
  // Slack turns the words into a mention where they stand bare; with an invisible joiner they stay words.
  if (marks.at !== undefined) return '@\u2060';
  return escape(marks.literal ?? marks.control ?? '');
}

/** A link to the web or to a mailbox. Any other target could be one of Slack's own commands, so it is shown as words. */
export function link(target: string, label: string): string {
  const words = inline(label).replaceAll('|', '¦');
  if (!/^(?:https?:\/\/|mailto:)/i.test(target)) return target ? `${words} (${escape(target)})` : words;
  const address = escape(target).replaceAll('|', '%7C').replaceAll(' ', '%20');
  return words ? `<${address}|${words}>` : `<${address}>`;
}
