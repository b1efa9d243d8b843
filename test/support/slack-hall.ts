import { conflict } from '#core/errors.ts';
import type { IncomingMessage, OutgoingMessage, Reply } from '#core/message.ts';
import type { Connector, ConnectorPorts } from '#core/platform.ts';
import { noVault } from './keep-key.ts';

/** What a command says, in order; the last is the final answer. */
export type Answers = (message: IncomingMessage) => Reply[];

export interface LogLine {
  level: 'info' | 'warn' | 'error';
  facts: Record<string, unknown>;
  words: string;
}

/** For the tests here alone: a hall in memory that takes each request once and answers it by the connector. */
export class TestHall {
  /** Requests, each once. */
  readonly received: IncomingMessage[] = [];
  readonly deliveries = new Set<string>();
  readonly log: LogLine[] = [];
  /** What became of the answers. */
  readonly sent: Promise<unknown>[] = [];
  /** Calls of receive, repeated ones too. */
  asked = 0;
  connector: Connector | undefined;
  commands: ConnectorPorts['commands'] = new Map();
  /** Nothing is sealed here, but where a test says so. */
  seal: ConnectorPorts['seal'] = noVault;
  /** Nothing can be stored while it is set. */
  broken: Error | undefined;
  /** Ends before anything is stored. */
  slow: Promise<void> = Promise.resolve();
  readonly #answers: Answers;
  readonly #inbox = new Map<string, IncomingMessage>();

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  get ports(): ConnectorPorts {
    const line = (level: LogLine['level']) => (facts: Record<string, unknown>, words: string) =>
      void this.log.push({ level, facts, words });
    return {
      receive: (message, platformId) => this.#receive(message, platformId),
      commands: this.commands,
      seal: (value, name) => this.seal(value, name),
      space: async () => ({ community: 'comm_1', symbol: null }),
      setting: async () => ({ on: true, symbol: null }),
      places: { gone: async () => undefined, roles: async () => undefined },
      deliveries: {
        wasSent: async (part) => this.deliveries.has(part),
        record: async (part) => void this.deliveries.add(part),
      },
      memory: { recall: async () => undefined, remember: async () => undefined },
      log: { info: line('info'), warn: line('warn'), error: line('error') },
      clock: () => Date.now(),
    };
  }

  /** Texts that were asked. */
  get texts(): string[] {
    return this.received.map(({ ask }) => ('text' in ask ? ask.text : ask.name));
  }

  async #receive(message: IncomingMessage, platformId: string): Promise<string> {
    this.asked++;
    await this.slow;
    if (this.broken) throw this.broken;
    const first = this.#inbox.get(platformId);
    if (first && JSON.stringify(first.ask) !== JSON.stringify(message.ask)) throw conflict('taken', 'Taken.');
    if (first) return first.id;
    this.#inbox.set(platformId, message);
    this.received.push(message);
    const replies = this.#answers(message);
    for (const [index, reply] of replies.entries()) {
      const answer = answerTo(message, { n: index, final: index === replies.length - 1, reply });
      const sent = this.connector?.send(answer, false) ?? Promise.resolve();
      this.sent.push(sent.catch((error: unknown) => error));
    }
    return message.id;
  }
}

/** An answer as the spine would keep it. */
export function answerTo(
  { id, from, community, who }: IncomingMessage,
  told: Pick<OutgoingMessage, 'n' | 'final' | 'reply'>,
): OutgoingMessage {
  const cause = { account: who.account, name: who.username, text: '/test' };
  return { id, to: from, community, cause, ...told };
}
