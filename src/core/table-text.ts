import type { Table } from './message.ts';

/** A table in a font of one width: columns in line, numbers to the right, a rule under the heads. Without a code fence. */
export function tableText(table: Table): string {
  const widths = table.columns.map(({ name }, index) =>
    Math.max(width(name), ...table.rows.map((row) => width(cell(row[index])))),
  );
  const line = (cells: string[]): string =>
    cells
      .map((text, index) => pad(text, widths[index] ?? 0, table.columns[index]?.numeric ?? false))
      .join('  ')
      .trimEnd();
  const rows = table.rows.map((row) => line(table.columns.map((_, index) => cell(row[index]))));
  const head = line(table.columns.map(({ name }) => name));
  return [...(table.title ? [table.title] : []), head, widths.map((one) => '─'.repeat(one)).join('  '), ...rows].join(
    '\n',
  );
}

/** RFC 4180. A cell that a spreadsheet would run as a formula gets a quote before it. */
export function tableCsv(table: Table): string {
  const line = (cells: string[]): string => cells.map(quote).join(',');
  return [line(table.columns.map(({ name }) => name)), ...table.rows.map(line)].join('\r\n') + '\r\n';
}

function quote(text: string): string {
  const safe = /^[=@\t\r]|^[+-](?![\d.]+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line, and nothing that would end a code fence. */
function cell(text: string | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').replaceAll('```', "'''");
}

function pad(text: string, to: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, to - width(text)));
  return right ? blanks + text : text + blanks;
}

/** Characters as people count them. */
function width(text: string): number {
  return [...text].length;
}
