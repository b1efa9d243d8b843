import { checkArguments, formatArguments, parseArguments, type Parsed } from '#core/arguments.ts';
import { usage, type AnyCommand } from '#core/command.ts';
import { AppError, badRequest, tooFast, unknown } from '#core/errors.ts';
import { whisper, type IncomingMessage } from '#core/message.ts';
import type { Decided } from './keep-answer.ts';
import { mayRun, type CommandSettings } from './may-run.ts';
import { TEXTS } from './texts.ts';
import type { WithinLimit } from './within-limit.ts';

/** What the spine needs: the commands by name, what it asks about each use, and where its answers go. */
export interface Spine {
  commands: ReadonlyMap<string, AnyCommand>;
  settings: CommandSettings;
  within: WithinLimit;
  /** Remembers the answer and sends it out. */
  keep(message: IncomingMessage, decided: Decided): Promise<void>;
  /** Told when a command's own code failed. */
  onFailure?(command: string, error: unknown): void;
}

/**
 * The spine: find the command, may this person run it, within limits, parse the arguments, run; in that order.
 * A use is counted where `run` is called, so a typo costs nothing. What it says goes out with the commit that remembers it.
 */
export async function answerMessage(spine: Spine, message: IncomingMessage): Promise<void> {
  const { name, line } = readAsk(message);
  const decided = await decide(spine, message, name, line);
  await spine.keep(message, decided);
}

async function decide(spine: Spine, message: IncomingMessage, name: string, line: string): Promise<Decided> {
  const told = { command: name, text: line };
  const command = spine.commands.get(name);
  if (!command) return { ...told, ...refuse(unknown('command'), TEXTS.unknownCommand(name)) };
  const refusal = mayRun(command, message, await spine.settings(message.community, name));
  if (refusal) return { ...told, ...refuse(refusal) };
  const wait = spine.within.wait(message.who.account, command);
  if (wait > 0) return { ...told, ...refuse(tooFast(wait)) };
  const parsed = readArguments(command, message, line);
  if (!parsed.ok) {
    const words = TEXTS.wrongArgument(parsed.wrong, usage(command), command.example);
    return { ...told, ...refuse(badRequest('bad-argument', words)) };
  }
  spine.within.use(message.who.account, command);
  const text = 'text' in message.ask ? line : `/${name} ${formatArguments(command.args, parsed.args)}`.trim();
  return { command: name, text, ...run(spine, command, { message, args: parsed.args as never }) };
}

function refuse(error: AppError, words = error.message): Pick<Decided, 'answer' | 'refusal'> {
  const { status, code, rule, retryAfter } = error;
  return {
    answer: whisper(words),
    refusal: { status, code, ...(rule && { rule }), ...(retryAfter && { retryAfter }) },
  };
}

/** Runs the command. One that fails by its own fault is answered as well, and told to the operator. */
function run(
  spine: Spine,
  command: AnyCommand,
  asked: Parameters<AnyCommand['run']>[0],
): Pick<Decided, 'answer' | 'refusal'> {
  try {
    return { answer: command.run(asked) };
  } catch (error) {
    if (error instanceof AppError) return refuse(error);
    spine.onFailure?.(command.name, error);
    return refuse(new AppError({ status: 500, code: 'our-mistake', detail: TEXTS.failed, fault: 'ours' }));
  }
}

/** `/name rest` and `/name=rest`, the name in any case. */
function readAsk(message: IncomingMessage): { name: string; line: string } {
  if ('name' in message.ask) return { name: message.ask.name, line: `/${message.ask.name}` };
  const line = message.ask.text.trim();
  const name = /^\/([^\s=]*)/.exec(line)?.[1] ?? '';
  return { name: name.toLowerCase(), line };
}

function readArguments(command: AnyCommand, message: IncomingMessage, line: string): Parsed {
  if ('args' in message.ask) return checkArguments(command.args, message.ask.args);
  return parseArguments(command.args, line.slice(command.name.length + 1).replace(/^=/, ' '));
}
