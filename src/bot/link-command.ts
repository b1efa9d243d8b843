import { optional, text } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import { identityOf, whisper, type IncomingMessage } from '#core/message.ts';
import { PLAIN } from '#core/styled.ts';
import { TEXTS } from './texts.ts';

/** Somebody as a platform knows them; `login` is their name there that nobody else has. */
export interface PlatformAsker {
  platform: string;
  platformId: string;
  name: string;
  login: string;
}

/** What links people's names on platforms to their accounts. */
export interface Linking {
  /** The profile page, where there is an address to tell. */
  page: string | undefined;
  /** A code to be typed at the other end: on a platform for an account, here for a platform's person. */
  codeForAccount(account: string): Promise<string>;
  codeForPerson(person: PlatformAsker): Promise<string>;
  /** The code of the other end. Gives how the account is called, and the platform. Throws what is to be told. */
  typedHere(account: string, code: string): Promise<{ platform: string }>;
  typedThere(person: PlatformAsker, code: string): Promise<{ username: string }>;
  /** Who speaks leaves their account. Throws 404 where they have none. */
  leave(person: PlatformAsker, account: string): Promise<void>;
}

/** `/link` joins both ends: a code that is shown at one is typed at the other. `/unlink` is for who cannot reach the account. */
export function linkCommands(linking: () => Linking): AnyCommand[] {
  return [linkCommand(linking), unlinkCommand(linking)];
}

function linkCommand(linking: () => Linking): AnyCommand {
  return command({
    name: 'link',
    summary: TEXTS.link.summary,
    args: { code: optional(text(TEXTS.link.code, 40)) },
    example: '/link 9C4NH-KV7PX',
    allow: 'guest',
    // A name that is linked speaks for the account, also when the token has ended.
    token: 'session',
    limit: { uses: 10, perSeconds: 60 },
    async run({ message, args: { code } }) {
      const person = personOf(message);
      if (person) return whisper(await there(linking(), message, person, code));
      const { account } = message.who;
      if (code === undefined) return whisper(TEXTS.link.codeForThere(await linking().codeForAccount(account)));
      return whisper(TEXTS.link.linkedHere(capital((await linking().typedHere(account, code)).platform)));
    },
  });
}

function unlinkCommand(linking: () => Linking): AnyCommand {
  return command({
    name: 'unlink',
    summary: TEXTS.link.unlinkSummary,
    args: {},
    example: '/unlink',
    allow: 'guest',
    limit: { uses: 10, perSeconds: 60 },
    async run({ message }) {
      const person = personOf(message);
      const { page, leave } = linking();
      if (!person) return whisper(TEXTS.link.unlinkOnPage(page));
      if (message.who.identity === undefined) return whisper(TEXTS.link.notLinked(message.style));
      await leave(person, message.who.account);
      return whisper(TEXTS.link.unlinked(capital(person.platform)));
    },
  });
}

async function there(
  linking: Linking,
  { style = PLAIN }: IncomingMessage,
  person: PlatformAsker,
  code: string | undefined,
): Promise<string> {
  if (code !== undefined) return TEXTS.link.linkedThere((await linking.typedThere(person, code)).username, style);
  // Whoever read it first could type it here: a name there would be theirs.
  if (style.open) return TEXTS.link.onlyFromHere(linking.page, style);
  return TEXTS.link.codeForHere(await linking.codeForPerson(person), linking.page);
}

/** Who asks from a platform; undefined for who is here with an account. */
function personOf({ from, who }: IncomingMessage): PlatformAsker | undefined {
  if (!from.account.includes(':')) return undefined;
  return { ...identityOf(from.account), name: who.name, login: who.username };
}

function capital(platform: string): string {
  return platform.slice(0, 1).toUpperCase() + platform.slice(1);
}
