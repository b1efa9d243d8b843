import { checkArguments, formatArguments, parseArguments, type Parsed } from '#core/arguments.ts';
import { usage, type AnyCommand } from '#core/command.ts';
import { hasOwnPace } from '#core/command-setting.ts';
import { AppError, badRequest } from '#core/errors.ts';
import { whisper, type IncomingMessage, type Style } from '#core/message.ts';
import { styled } from '#core/styled.ts';
import type { Decided, Keep } from './keep-answer.ts';
import { mayRun, type CommandSettings } from './may-run.ts';
import { TEXTS } from './texts.ts';
import type { WithinLimit } from './within-limit.ts';

/** What the spine needs: the commands by name, what it asks about each use, and where its answers go. */
export interface Spine {
  commands: ReadonlyMap<string, AnyCommand>;
  settings: CommandSettings;
  within: WithinLimit;
  /** Remembers the answer and sends it out. False where the request was answered before: then nothing is done. */
  keep: Keep;
  /** Told when a command's own code failed. */
  onFailure?(command: string, error: unknown): void;
}

/**
 * The spine: find the command, may this person run it, within limits, parse the arguments, run; in that order.
 * A use is counted where `run` is called, so a typo costs nothing. What it says goes out with the commit that remembers it.
 */
export async function answerMessage(spine: Spine, message: IncomingMessage): Promise<void> {
  const deciding = decide(spine, message);
  let kept = false;
  try {
    // Nothing is awaited before: the order of these calls is the order of the answers in a room.
    kept = await spine.keep(message, deciding);
  } finally {
    if (!kept) (await deciding).counted?.giveBack();
  }
}

async function decide(spine: Spine, message: IncomingMessage): Promise<Decided> {
  const { who, community, style } = message;
  const { name, line } = readAsk(message);
  const not = (refusal: AppError): Decided => {
    const untold = !spine.within.tell(message, refusal);
    return { command: name, text: line, ...refuse(refusal), ...(untold && { untold }) };
  };
  const command = spine.commands.get(name);
  if (!command) return not(unknownCommand(name, style));
  const use = { who, community, command, style, setting: await spine.settings(community, name) };
  const refusal = mayRun(use);
  if (refusal) return not(refusal);
  if (hasOwnPace(use.setting)) await spine.within.recall(use);
  // From here to the use nothing is awaited, so that of two commands at once only one is the last that is let through.
  const tooEarly = spine.within.refusal(use);
  if (tooEarly) return not(tooEarly);
  const parsed = readArguments(command, message, line);
  if (!parsed.ok) return not(wrongArgument(parsed.wrong, command, style));
  const counted = spine.within.use(use);
  const text = 'text' in message.ask ? line : `/${name} ${formatArguments(command.args, parsed.args)}`.trim();
  const ran = await run(spine, command, { message, args: parsed.args as never });
  return { command: name, text, ...ran, ...(counted && { counted }) };
}

function unknownCommand(name: string, style: Style | undefined): AppError {
  return new AppError({ status: 404, code: 'unknown-command', detail: TEXTS.unknownCommand(name, style) });
}

function wrongArgument(wrong: string, command: AnyCommand, style: Style | undefined): AppError {
  const words = TEXTS.wrongArgument(wrong, usage(command, style), styled(command.example, style));
  return badRequest('bad-argument', words);
}

function refuse({ message, status, code, rule, retryAfter }: AppError): Pick<Decided, 'answer' | 'refusal'> {
  const refusal = { status, code, ...(rule && { rule }), ...(retryAfter && { retryAfter }) };
  return { answer: whisper(message), refusal };
}

/** Runs the command. One that fails by its own fault is answered as well, and told to the operator. */
async function run(
  spine: Spine,
  command: AnyCommand,
  asked: Parameters<AnyCommand['run']>[0],
): Promise<Pick<Decided, 'answer' | 'refusal'>> {
  try {
    return { answer: await command.run(asked) };
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
