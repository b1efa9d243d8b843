import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { LEAST_PASSPHRASE } from '#src/settings.ts';
import { WrongUse } from './command-line.ts';

/** Words of a command that may take its passphrase from the standard input. Throws `WrongUse`. */
export function parsePassphraseWords(words: string[]) {
  try {
    const options = { 'passphrase-stdin': { type: 'boolean', default: false } } as const;
    return parseArgs({ args: words, allowPositionals: true, options });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

/** A passphrase as it comes on the standard input: one line. Throws `WrongUse`. */
export async function passphraseFromStdin(): Promise<string> {
  return longEnough((await text(process.stdin)).replace(/\r?\n$/, ''));
}

/** Asks at the terminal, twice where it is a new one, and shows nothing of it. Throws `WrongUse`, also where there is no terminal. */
export async function askPassphrase({ isNew }: { isNew: boolean }): Promise<string> {
  if (!process.stdin.isTTY) throw new WrongUse('The passphrase comes from the standard input: --passphrase-stdin');
  const asked = longEnough(await ask('Passphrase: '));
  if (isNew && longEnough(await ask('Once more: ')) !== asked) throw new WrongUse('The two were not the same.');
  return asked;
}

function longEnough(given: string): string {
  const passphrase = given.trim();
  if (passphrase.length >= LEAST_PASSPHRASE) return passphrase;
  throw new WrongUse(`A passphrase has ${LEAST_PASSPHRASE} characters at least.`);
}

async function ask(words: string): Promise<string> {
  process.stderr.write(words);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  const ended = new Promise<never>((_resolve, reject) =>
    lines.once('close', () => reject(new WrongUse('No passphrase was given.'))),
  );
  try {
    return await Promise.race([lines.question(''), ended]);
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
