import { AppError } from '#core/errors.ts';
import type { ConnectorPorts } from '#core/platform.ts';
import { findSecretOrSlip, type SecretAsked } from '#core/secret-arguments.ts';
import { tagOf, type IrcLine } from './irc-line.ts';
import { findCandidate, idOf, isForeign, keepsOrder, read, spaceOf, type Candidate } from './read.ts';
import { symbolOf } from './register.ts';

export interface ListenOptions {
  ports: Pick<ConnectorPorts, 'receive' | 'commands' | 'space' | 'setting' | 'overheard' | 'log' | 'clock'>;
  /** The bot's login. */
  own(): string;
  received(): void;
  /** It was asked of the bot, but could not be written down. */
  notTaken(line: IrcLine): void;
  /** It takes a secret, which is not to be typed here. Never rejects. */
  refuse(line: IrcLine, asked: SecretAsked): Promise<void>;
}

export interface Listener {
  /** A PRIVMSG. What is not for the bot ends here at once. */
  said(line: IrcLine): void;
  /** Resolves when all that came is written down; from now on nothing is taken. */
  stop(): Promise<void>;
}

/** Picks the lines that are for the bot and hands them on. */
export function listen(options: ListenOptions): Listener {
  const { commands } = options.ports;
  const taking = new Set<Promise<void>>();
  let stopped = false;
  return {
    said(line) {
      const own = options.own();
      if (!stopped) overhear(options.ports, line, own);
      const candidate = findCandidate(line, own);
      if (!candidate || stopped || !isKnown(candidate, commands) || isForeign(line, own)) return;
      const taken = take(options, line, candidate).finally(() => taking.delete(taken));
      taking.add(taken);
    },
    async stop() {
      stopped = true;
      await Promise.all(taking);
    },
  };
}

/** Every line but those of programs and of who moderates there: for the word list and the verification gate. */
function overhear({ overheard, log }: ListenOptions['ports'], line: IrcLine, own: string): void {
  if (!overheard || isForeign(line, own) || keepsOrder(line.tags)) return;
  const { platformId: space, name: room, platform } = spaceOf(line);
  const [message, person] = [tagOf(line.tags, 'id'), tagOf(line.tags, 'user-id')];
  const name = tagOf(line.tags, 'display-name') || line.nick;
  overheard({ platform, space, room, message, person, name, text: line.text }).catch((error: unknown) =>
    log.error(
      { channel: line.target, why: String(error) },
      'twitch: a line was not held against the word list and the gate',
    ),
  );
}

/** Also what takes a secret and is typed together with it, such as `!keep-key:…`. */
function isKnown({ name, text }: Candidate, commands: ConnectorPorts['commands']): boolean {
  return commands.has(name) || findSecretOrSlip({ text }, commands) !== undefined;
}

async function take(
  { ports, received, notTaken, refuse }: ListenOptions,
  line: IrcLine,
  found: Candidate,
): Promise<void> {
  let isAsked = found.symbol === undefined;
  try {
    const space = await ports.space(spaceOf(line));
    const secret = findSecretOrSlip({ text: found.text }, ports.commands);
    const name = secret?.command.name ?? found.name;
    const sign = symbolOf(await ports.setting(space.community, name), space);
    isAsked ||= sign === found.symbol;
    if (!isAsked) return;
    if (secret) return await refuse(line, secret);
    const asked = { text: found.text, community: space.community, sign, at: ports.clock() };
    const message = read(line, asked);
    // A second delivery gets the first one's id.
    if ((await ports.receive(message, idOf(line))) === message.id) received();
  } catch (error) {
    // 409: it was there before.
    if (error instanceof AppError && error.status === 409) return;
    const code = error instanceof AppError ? error.code : 'unexpected';
    ports.log.error({ channel: line.target, command: found.name, code, why: String(error) }, 'twitch: not taken in');
    if (isAsked) notTaken(line);
  }
}
