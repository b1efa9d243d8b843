import type { Wire } from './wire.ts';

/** Says what is wrong with the blocks of a message, or nothing. https://docs.slack.dev/reference/block-kit/blocks */
export function wrongBlocks(blocks: unknown): string | undefined {
  if (!Array.isArray(blocks)) return 'blocks must be an array';
  if (blocks.length > 50) return 'no more than 50 items allowed';
  for (const [index, block] of blocks.entries()) {
    const says = wrongBlock(block);
    if (says) return `${says} [json-pointer:/blocks/${index}]`;
  }
  return undefined;
}

/** The words of a message's blocks, a block a line, still with Slack's control sequences. */
export function blockText(blocks: unknown): string {
  return objects(blocks)
    .map((block) => (SHOWS[String(block.type)] ?? (() => ''))(block))
    .filter((text) => text !== '')
    .join('\n');
}

/** The element with this action id, and the id of its block. */
export function findAction(blocks: unknown, actionId: string): { block: string; element: Wire } | undefined {
  for (const block of objects(blocks)) {
    const elements = [...objects(block.elements), ...objects([block.accessory])];
    const element = elements.find((one) => one.action_id === actionId);
    if (element) return { block: String(block.block_id ?? ''), element };
  }
  return undefined;
}

/** Objects of a list that came from outside; anything else in it is left out. */
export function objects(list: unknown): Wire[] {
  if (!Array.isArray(list)) return [];
  return list.filter((one): one is Wire => typeof one === 'object' && one !== null && !Array.isArray(one));
}

const SHOWS: Record<string, (block: Wire) => string> = {
  section: (block) => [words(block.text), ...objects(block.fields).map(words)].filter(Boolean).join('\n'),
  header: (block) => words(block.text),
  markdown: (block) => String(block.text ?? ''),
  image: (block) => words(block.title) || String(block.alt_text ?? ''),
  context: (block) => objects(block.elements).map(words).join(' '),
  actions: (block) =>
    objects(block.elements)
      .map((one) => `[${words(one.text)}]`)
      .join(' '),
  rich_text: (block) => objects(block.elements).map(richText).join('\n'),
  table: (block) =>
    rows(block)
      .map((row) => objects(row).map(cellText).join(' | '))
      .join('\n'),
};

/** A text object, or something that stands in its place. */
const words = (value: unknown): string => String(objects([value])[0]?.text ?? '');

const rows = (block: Wire): unknown[] => (Array.isArray(block.rows) ? block.rows : []);

const cellText = (cell: Wire): string => (cell.type === 'rich_text' ? blockText([cell]) : String(cell.text ?? ''));

function richText(element: Wire): string {
  if (Array.isArray(element.elements)) return objects(element.elements).map(richText).join('');
  if (element.type === 'user') return `<@${String(element.user_id)}>`;
  if (element.type === 'link') return String(element.text ?? element.url ?? '');
  return String(element.text ?? '');
}

/** The longest text of a block, in characters. */
const LONGEST: Record<string, number> = { section: 3_000, header: 150, markdown: 12_000 };

const KNOWN = new Set([...Object.keys(SHOWS), 'divider', 'file', 'input', 'video']);

function wrongBlock(value: unknown): string | undefined {
  const block = objects([value])[0];
  if (!block) return 'must be an object';
  const type = String(block.type);
  if (!KNOWN.has(type)) return `unsupported type: ${type}`;
  if (type === 'section' && !block.text && !block.fields) return 'missing required field: text or fields';
  if (type === 'header' && objects([block.text])[0]?.type !== 'plain_text') return 'must be a plain_text object';
  if (type === 'image' && (!block.alt_text || !(block.image_url || block.slack_file))) return 'missing required field';
  const text = type === 'markdown' ? String(block.text ?? '') : words(block.text);
  const longest = LONGEST[type] ?? Infinity;
  return text.length > longest ? `must be less than ${longest + 1} characters` : undefined;
}
