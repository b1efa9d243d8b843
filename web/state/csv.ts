import type { Table } from '#contracts/web.ts';

/** RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe first. */
export function csvOf(table: Table): string {
  const rows = [table.columns.map((column) => column.name), ...table.rows];
  return rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

/** `rows` by one column, figures as figures. Equal ones stay in their order. */
export function sortedRows(table: Table, by: { column: number; descending: boolean }): string[][] {
  const sign = by.descending ? -1 : 1;
  const numeric = table.columns[by.column]?.numeric ?? false;
  const compare = numeric ? byFigure : byWords;
  return table.rows.toSorted((a, b) => sign * compare(a[by.column] ?? '', b[by.column] ?? ''));
}

/** “+0.89 %”, “−1,204” and “126.85” as numbers; what is none comes first. */
export function figureOf(text: string): number {
  const digits = text.replace(/−/g, '-').replace(/[^\d.eE-]/g, '');
  const figure = digits === '' ? Number.NaN : Number(digits);
  return Number.isNaN(figure) ? Number.NEGATIVE_INFINITY : figure;
}

function byFigure(a: string, b: string): number {
  const [left, right] = [figureOf(a), figureOf(b)];
  return left === right ? 0 : left - right;
}

function byWords(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true, sensitivity: 'base' });
}

function cell(text: string): string {
  const safe = /^[=@\t\r]|^[+-](?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
