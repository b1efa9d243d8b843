import type { OutgoingMessage, Picture, Reply, Table } from '#core/message.ts';
import { cutText, flatText } from './flat-text.ts';
import { TEXTS } from './texts.ts';

/** What is said: one to three texts, each for one line of chat. */
export interface Written {
  channel: string;
  /** The id of the asker's line, where there is one: the answer hangs on it, and Twitch puts `@name ` before it. */
  parent: string | undefined;
  texts: string[];
}

/**
 * An answer as lines of chat. A private one is seen by all too: there is nothing else here; it begins with `@name `, also
 * where Twitch puts one before an answer itself, since not every program shows that.
 */
export function write({ to, reply }: OutgoingMessage): Written {
  const parent = to.via?.id || undefined;
  const name = to.via?.name;
  const call = reply.private && name ? `@${flatText(name)} ` : '';
  return { channel: to.room ?? '', parent, texts: cutText(call + wordsOf(reply)) };
}

/** All that a reply holds, in one line. */
function wordsOf({ text, table, pictures = [] }: Reply): string {
  const parts = [flatText(text), table ? tableWords(table) : '', ...pictures.map(pictureWords)];
  return parts.filter((part) => part !== '').join(' · ') || TEXTS.nothing;
}

/** `a: 1 · b: 2`; with more columns `a: price 1, volume 2 · b: …`; with one `a · b`. */
function tableWords({ title, columns, rows }: Table): string {
  const [, ...values] = columns;
  const words = rows.map(([first = '', ...cells]) => {
    if (values.length === 0) return first;
    const [only = ''] = cells;
    return `${first}: ${values.length === 1 ? only : values.map(({ name }, index) => `${name} ${cells[index] ?? ''}`).join(', ')}`;
  });
  return flatText([title === undefined ? '' : `${title}:`, ...words].join('\n'));
}

function pictureWords({ url, alt }: Picture): string {
  return `${flatText(alt)} ${/^https?:/i.test(url) ? flatText(url) : `(${TEXTS.inWebChat})`}`.trim();
}
