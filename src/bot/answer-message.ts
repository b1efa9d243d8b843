import { checkArguments, formatArguments, parseArguments, type Parsed } from '#core/arguments.ts';
import { usage, type AnyCommand } from '#core/command.ts';
import { hasOwnPace } from '#core/command-setting.ts';
import { AppError, badRequest, unknown } from '#core/errors.ts';
import { whisper, type IncomingMessage } from '#core/message.ts';
import { styled } from '#core/styled.ts';
import type { Decided } from './keep-answer.ts';
import { mayRun, type CommandSettings } from './may-run.ts';
import { TEXTS } from './texts.ts';
import type { WithinLimit } from './within-limit.ts';

/** What the spine needs: the commands by name, what it asks about each use, and where its answers go. */
export interface Spine {
  commands: ReadonlyMap<string, AnyCommand>;
  settings: CommandSettings;
  within: WithinLimit;
  /** Remembers the answer and sends it out. False where the request was answered before: then nothing is done. */
  keep(message: IncomingMessage, decided: Decided): Promise<boolean>;
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
  let kept = false;
  try {
    kept = await spine.keep(message, decided);
  } finally {
    if (!kept) decided.counted?.giveBack();
  }
}

async function decide(spine: Spine, message: IncomingMessage, name: string, line: string): Promise<Decided> {
  const told = { command: name, text: line };
  const command = spine.commands.get(name);
  if (!command) return { ...told, ...refuse(unknown('command'), TEXTS.unknownCommand(name, message.style)) };
  const asked = { message, command, setting: await spine.settings(message.community, name) };
  const refusal = mayRun(asked);
  if (refusal) return { ...told, ...refuse(refusal) };
  if (hasOwnPace(asked.setting)) await spine.within.recall(asked);
  // From here to the use nothing is awaited, so that of two commands at once only one is the last that is let through.
  const tooEarly = spine.within.refusal(asked);
  if (tooEarly) return { ...told, ...refuse(tooEarly) };
  const parsed = readArguments(command, message, line);
  if (!parsed.ok) {
    const { style } = message;
    const words = TEXTS.wrongArgument(parsed.wrong, usage(command, style), styled(command.example, style));
    return { ...told, ...refuse(badRequest('bad-argument', words)) };
  }
  const counted = spine.within.use(asked);
  const text = 'text' in message.ask ? line : `/${name} ${formatArguments(command.args, parsed.args)}`.trim();
  const ran = await run(spine, command, { message, args: parsed.args as never });
  return { command: name, text, ...ran, ...(counted && { counted }) };
}

function refuse(error: AppError, words = error.message): Pick<Decided, 'answer' | 'refusal'> {
  const { status, code, rule, retryAfter } = error;
  return {
    answer: whisper(words),
    refusal: { status, code, ...(rule && { rule }), ...(retryAfter && { retryAfter }) },
  };
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
