import { resolve } from 'node:path';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { HOLDERS, issueCertificates, type CertificateWish } from '#src/certs.ts';
import { WrongUse, type CommandLine } from './command-line.ts';

/**
 * `certs DIR`: an authority of one's own, and a certificate for each role, engine and the proxy. Run again it makes what
 * is missing, or ends within a month; `--renew` makes all anew. Prints what it did.
 */
export async function certs({ say, words }: CommandLine): Promise<number> {
  const { folder, wish } = readWords(words);
  const issued = await issueCertificates(folder, wish);
  for (const { name, made, daysLeft } of issued)
    if (made) say.ok(name, `made, ${daysLeft} days`);
    else say.note(name, `is there, ${daysLeft} days left`);
  const [authority] = issued;
  if (authority?.made) say.plain(`Who shall trust them needs ${folder}/ca.pem. Keep ${folder}/ca-key.pem to yourself.`);
  if (issued.some(({ made }) => made)) say.plain('Certificates are read at a start: restart what uses the new ones.');
  return 0;
}

function readWords(words: string[]): { folder: string; wish: CertificateWish } {
  const { values, positionals } = parse(words);
  const [folder, ...rest] = positionals;
  if (!folder || rest.length > 0) throw new WrongUse('Name one folder.');
  return { folder: resolve(folder), wish: { hosts: values.host.map(readHost), renew: values.renew } };
}

function parse(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        host: { type: 'string', multiple: true, default: [] },
        renew: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

/** `HOST`, or `NAME=HOST` for one holder's certificate alone. */
function readHost(given: string): { host: string; holder?: string } {
  const [first = '', second] = given.split('=');
  const host = second ?? first;
  if (!isIP(host) && !/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(host))
    throw new WrongUse(`--host takes a name or an address, such as db.example.org; "${host}" is neither.`);
  if (second === undefined) return { host };
  if (!HOLDERS.some((name) => name === first))
    throw new WrongUse(`There is no certificate called "${first}". There are: ${HOLDERS.join(', ')}.`);
  return { host, holder: first };
}
