/** Lines for the person at the terminal. Where the output is not a terminal, each is one JSON object. */
export interface Terminal {
  ok(what: string, ...lines: string[]): void;
  note(what: string, words: string): void;
  /** Goes to stderr. */
  wrong(what: string, ...lines: string[]): void;
  plain(words: string): void;
}

export function terminal(out: NodeJS.WriteStream = process.stdout, err: NodeJS.WriteStream = process.stderr): Terminal {
  const print = (stream: NodeJS.WriteStream, state: string, what: string, lines: string[]): void => {
    stream.write(
      stream.isTTY ? layOut(state, what, lines) : `${JSON.stringify({ state, what, says: lines.join(' ') })}\n`,
    );
  };
  return {
    ok: (what, ...lines) => print(out, 'ok', what, lines),
    note: (what, words) => print(out, 'note', what, [words]),
    wrong: (what, ...lines) => print(err, 'wrong', what, lines),
    plain(words) {
      if (out.isTTY) out.write(`${words}\n`);
      else if (words.trim() !== '') out.write(`${JSON.stringify({ state: 'says', says: words.trim() })}\n`);
    },
  };
}

const STATE = 7;
const WHAT = 11;

function layOut(state: string, what: string, lines: string[]): string {
  const [first = '', ...rest] = lines;
  const indent = ' '.repeat(STATE + WHAT);
  const head = `${state.padEnd(STATE)}${what.padEnd(WHAT - 1)} ${first}`;
  // An address on a line of its own stays whole and can be copied.
  return `${[head, ...rest.map((line) => (line.startsWith('https://') ? line : indent + line))].join('\n')}\n`;
}
