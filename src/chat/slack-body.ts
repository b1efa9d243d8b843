/** What Slack's incoming webhooks take, as far as it can be said in words. https://docs.slack.dev/reference/block-kit/blocks */
export interface SlackBody {
  text?: string | undefined;
  blocks?: SlackPart[] | undefined;
  attachments?: SlackPart[] | undefined;
}

/** A block, an element or an attachment: plain data of any shape. */
export type SlackPart = Record<string, unknown>;

/** All of it in words. `text` stands only where the blocks say nothing: Slack shows it in their place, too. */
export function wordsOfSlack({ text, blocks = [], attachments = [] }: SlackBody): string {
  const said = lines(blocks.map(wordsOfBlock));
  return lines([said || plain(text ?? ''), ...attachments.map(wordsOfAttachment)]);
}

/** Slack's marks for links, people and rooms as words, and its escapes undone. */
export function plain(text: string): string {
  return text
    .replaceAll(/<([^<>]*)>/g, (_, inside: string) => marked(inside))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** `https://a|label`, `@U1|name`, `#C1|name`, `!here`, `!date^…|words`. */
function marked(inside: string): string {
  const [target = '', label] = inside.split('|', 2);
  if (/^[@#]/.test(target)) return `${target.slice(0, 1)}${label ?? target.slice(1)}`;
  if (target.startsWith('!')) return label ?? `@${target.slice(1)}`;
  const address = target.replace(/^mailto:/, '');
  return label === undefined || label === address ? address : `${label} (${address})`;
}

function wordsOfBlock(block: SlackPart): string {
  const { type, text, fields, elements, title, alt_text: alt } = block;
  if (type === 'divider') return '';
  if (type === 'image') return lines([textOf(title), wordOf(alt)]);
  if (type === 'rich_text') return lines(parts(elements).map((one) => richWords(one)));
  if (type === 'context')
    return joined(
      parts(elements).map((one) => textOf(one) || wordOf(one['alt_text'])),
      ' ',
    );
  return lines([textOf(text), ...parts(fields).map(textOf)]);
}

/** Elements within elements: lists and quotes a line each, words one after the other. Slack's own go three deep. */
function richWords(element: SlackPart, depth = 0): string {
  if (depth > DEEPEST) return '';
  const { type, elements, text, url, name, user_id: user, channel_id: room } = element;
  if (type === 'rich_text_list') return lines(parts(elements).map((one) => `• ${richWords(one, depth + 1)}`));
  if (Array.isArray(elements))
    return parts(elements)
      .map((one) => richWords(one, depth + 1))
      .join('');
  if (type === 'link') return wordOf(text) && wordOf(text) !== url ? `${wordOf(text)} (${wordOf(url)})` : wordOf(url);
  if (type === 'emoji') return `:${wordOf(name)}:`;
  if (type === 'user') return `@${wordOf(user)}`;
  return type === 'channel' ? `#${wordOf(room)}` : wordOf(text);
}

/** What is nested deeper by somebody's malice says nothing, and costs nothing. */
const DEEPEST = 5;

function wordsOfAttachment(attachment: SlackPart): string {
  const { pretext, author_name: author, title, title_link: link, text, fields, footer, blocks, fallback } = attachment;
  const head = [wordOf(title), link === undefined ? '' : `(${wordOf(link)})`];
  const said = lines([
    plain(wordOf(pretext)),
    wordOf(author),
    plain(joined(head, ' ')),
    plain(wordOf(text)),
    ...parts(fields).map((field) => joined([wordOf(field['title']), plain(wordOf(field['value']))], ': ')),
    ...parts(blocks).map(wordsOfBlock),
    wordOf(footer),
  ]);
  return said || plain(wordOf(fallback));
}

/** Of `{ type: 'mrkdwn' | 'plain_text', text }`, or of words as they stand. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return plain(value);
  const { type, text } = (value ?? {}) as SlackPart;
  return type === 'mrkdwn' ? plain(wordOf(text)) : wordOf(text);
}

function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function parts(value: unknown): SlackPart[] {
  return Array.isArray(value) ? value.filter((one): one is SlackPart => typeof one === 'object' && one !== null) : [];
}

function lines(said: string[]): string {
  return joined(said, '\n');
}

function joined(said: string[], between: string): string {
  return said.filter((one) => one.trim() !== '').join(between);
}
