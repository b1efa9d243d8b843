import { LIMITS } from './limits.ts';

/** A line of a CSV file. `line`: where it begins, the head is 1. */
export interface CsvRecord {
  line: number;
  fields: string[];
  /** What is wrong with its form. */
  wrong?: string;
}

/**
 * Reads CSV piece by piece, as the file comes: https://www.rfc-editor.org/rfc/rfc4180. Lines end with LF or CRLF; blank ones are
 * left out. The head tells what stands between fields: a comma, a semicolon or a tab.
 */
export class CsvReader {
  #separator: string | undefined;
  #head = '';
  #fields: string[] = [];
  #field = '';
  /** Characters of the record so far. */
  #length = 0;
  #state: State = 'start';
  #wrong: string | undefined;
  #line = 1;
  #begins = 1;

  /** Gives the records that end in this piece. */
  *push(text: string): Generator<CsvRecord> {
    let piece = text;
    if (this.#separator === undefined) {
      this.#head += text;
      if (!this.#head.includes('\n') && this.#head.length < LIMITS.listRecord) return;
      piece = this.#begin();
    }
    for (const sign of piece) if (this.#take(sign)) yield* this.#record();
  }

  /** The file is over: the last record, where no line break stands behind it. */
  *end(): Generator<CsvRecord> {
    if (this.#separator === undefined) for (const sign of this.#begin()) if (this.#take(sign)) yield* this.#record();
    if (this.#state === 'quoted') this.#wrong ??= 'A quote is opened and never closed.';
    if (this.#length > 0) yield* this.#record();
  }

  #begin(): string {
    this.#separator = separatorOf(this.#head);
    return this.#head;
  }

  /** Whether the record ends with this sign. */
  #take(sign: string): boolean {
    if (sign === '\n') this.#line += 1;
    if (++this.#length > LIMITS.listRecord) {
      this.#wrong ??= `It is longer than ${LIMITS.listRecord} characters. Is a quote not closed?`;
      return sign === '\n';
    }
    if (this.#state === 'quoted') return this.#quoted(sign);
    if (sign === '\n') return true;
    if (sign === this.#separator) this.#next();
    else if (sign === '"' && this.#state === 'start') this.#state = 'quoted';
    else if (sign === '"' && this.#state === 'closed') this.#again();
    else if (sign !== '\r') this.#plain(sign);
    return false;
  }

  #quoted(sign: string): boolean {
    if (sign === '"') this.#state = 'closed';
    else this.#field += sign;
    return false;
  }

  /** Two quotes within quotes are one. */
  #again(): void {
    this.#field += '"';
    this.#state = 'quoted';
  }

  #plain(sign: string): void {
    if (this.#state === 'closed') this.#wrong ??= 'Text stands behind a closing quote.';
    this.#state = this.#state === 'closed' ? 'closed' : 'plain';
    this.#field += sign;
  }

  #next(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#state = 'start';
  }

  *#record(): Generator<CsvRecord> {
    this.#next();
    const [fields, line, wrong] = [this.#fields, this.#begins, this.#wrong];
    this.#fields = [];
    this.#length = 0;
    this.#wrong = undefined;
    this.#begins = this.#line;
    const blank = fields.length === 1 && fields[0]?.trim() === '';
    if (!blank || wrong !== undefined) yield { line, fields, ...(wrong !== undefined && { wrong }) };
  }
}

/** start: before a field; plain: in one; quoted: in one with quotes; closed: behind its second quote. */
type State = 'start' | 'plain' | 'quoted' | 'closed';

const SEPARATORS = [',', ';', '\t'];

/** The one that stands most often in the first line. */
function separatorOf(text: string): string {
  const [head = ''] = text.split('\n', 1);
  const times = (sign: string): number => head.split(sign).length;
  return SEPARATORS.reduce((best, sign) => (times(sign) > times(best) ? sign : best));
}

/** A line of CSV. What a table program would take for a formula begins with an apostrophe: https://owasp.org/www-community/attacks/CSV_Injection */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map((field) => quoted(FORMULA.test(field) ? `'${field}` : field)).join(',')}\r\n`;
}

/** Takes away the apostrophe that `csvLine` put before a field. */
export function bareField(field: string): string {
  return field.startsWith("'") && FORMULA.test(field.slice(1)) ? field.slice(1) : field;
}

const FORMULA = /^'*[=+\-@\t\r]/;

function quoted(field: string): string {
  return /[",\r\n;\t]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
