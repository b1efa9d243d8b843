import { checkArguments, commandIn, formatArguments, hasSecret, parseArguments, type Parsed } from '#core/arguments.ts';
import { usage, type AnyCommand } from '#core/command.ts';
import { AppError, badRequest } from '#core/errors.ts';
import { NOTHING_CHOSEN, valuesOf, type Chosen } from '#core/feature-settings.ts';
import { whisper, type IncomingMessage, type Style } from '#core/message.ts';
import { hiddenLine } from '#core/secret-arguments.ts';
import { styled } from '#core/styled.ts';
import type { Decided, Keep } from './keep-answer.ts';
import { mayRun, type CommandSettings } from './may-run.ts';
import { TEXTS } from './texts.ts';
import type { WithinLimit } from './within-limit.ts';

/** What the spine needs: the commands by name, what it asks about each use, and where its answers go. */
export interface Spine {
  commands: ReadonlyMap<string, AnyCommand>;
  settings: CommandSettings;
  /** What a community chose of a feature. Asked for commands that read settings alone. */
  chosen(community: string, feature: string): Promise<Chosen>;
  /** Why the bot does not listen to who asked: they are muted or banned. */
  barred(message: IncomingMessage): Promise<AppError | undefined>;
  within: WithinLimit;
  /** Remembers the answer and sends it out. False where the request was answered before: then nothing is done. */
  keep: Keep;
  /** Told when a command's own code failed. */
  onFailure?(command: string, error: unknown): void;
}

/**
 * The spine: does the bot listen to this person, find the command, may they run it, within limits, parse the arguments, run; in that order.
 * A use counts where `run` is called: a typo gives it back. What it says goes out with the commit that remembers it.
 */
export async function answerMessage(spine: Spine, message: IncomingMessage): Promise<void> {
  const deciding = decide(spine, message);
  let kept = false;
  try {
    // Nothing is awaited before: the order of these calls is the order of the answers in a room.
    kept = await spine.keep(message, deciding);
  } finally {
    if (!kept) (await deciding).taken?.giveBack();
  }
}

async function decide(spine: Spine, message: IncomingMessage): Promise<Decided> {
  const { who, community, style } = message;
  const { name, line: typed } = readAsk(message);
  const command = spine.commands.get(name);
  const line = command && hasSecret(command.args) ? hiddenLine(name) : typed;
  const not = async (refusal: AppError): Promise<Decided> => {
    const { tell, write } = spine.within;
    const [told, written] = await Promise.all([tell(message, refusal), write(message)]);
    return { command: name, text: line, ...refuse(refusal), ...(!told && { untold: true }), written };
  };
  const [barred, setting, chosen] = await Promise.all([
    spine.barred(message),
    command && spine.settings(community, name),
    command?.settings && spine.chosen(community, command.settings.feature),
  ]);
  if (barred) return not(barred);
  if (!command) return not(unknownCommand(name, style));
  const use = { who, community, command, style, setting };
  const refusal = mayRun(use);
  if (refusal) return not(refusal);
  // Looked at and counted as one, so that of two commands at once, in whichever bots, only one is the last that is let through.
  const taken = await spine.within.take(use);
  if (!taken.ok) return not(spine.within.refusal(use, taken));
  const parsed = readArguments(command, message);
  if (!parsed.ok) {
    taken.giveBack();
    return not(wrongArgument(parsed.wrong, command, style));
  }
  const text = shownLine(command, message, { line, args: parsed.args });
  const settings = command.settings ? valuesOf(command.settings, chosen ?? NOTHING_CHOSEN) : {};
  const ran = await run(spine, command, { message, args: parsed.args as never, settings: settings as never });
  return { command: name, text, ...ran, taken, keepUse: spine.within.kept(use, taken) };
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

function readAsk({ ask }: IncomingMessage): { name: string; line: string } {
  if ('name' in ask) return { name: ask.name, line: `/${ask.name}` };
  return { name: commandIn(ask.text).name, line: ask.text.trim() };
}

function readArguments(command: AnyCommand, { ask }: IncomingMessage): Parsed {
  if ('text' in ask) return parseArguments(command.args, commandIn(ask.text).rest);
  return ask.wrong === undefined ? checkArguments(command.args, ask.args) : { ok: false, wrong: ask.wrong };
}

/** What the person used, as they would type it; of a secret nothing. */
function shownLine(
  { name, args: declared }: AnyCommand,
  { ask }: IncomingMessage,
  { line, args }: { line: string; args: Record<string, unknown> },
): string {
  if ('text' in ask || hasSecret(declared)) return line;
  return `/${name} ${formatArguments(declared, args)}`.trim();
}
