import type { Argument, ArgumentValues } from './arguments.ts';
import type { Later } from './job.ts';
import type { Rate } from './limits.ts';
import type { IncomingMessage, Reply } from './message.ts';
import type { Role } from './roles.ts';

type Arguments = Record<string, Argument<unknown>>;

/** A command, declared once and served on every platform and over HTTP. `run` returns an answer; it sends nothing. */
export interface Command<A extends Arguments = Arguments> {
  name: string;
  summary: string;
  args: A;
  /** A whole line that works, such as `/stock aapl.us`. */
  example: string;
  /** The least role that may run it, unless the community's own table says otherwise. */
  allow: Role;
  /** Uses by one person. */
  limit: Rate;
  run(asked: { message: IncomingMessage; args: ArgumentValues<A> }): Reply | Later;
}

/** A command whose argument types are erased: what tables of commands hold. */
export interface AnyCommand extends Omit<Command, 'run'> {
  run(asked: { message: IncomingMessage; args: never }): Reply | Later;
}

export function command<A extends Arguments>(declared: Command<A>): AnyCommand {
  return declared as unknown as AnyCommand;
}

/** `/stock symbol`, `[…]` around what may be left out. */
export function usage(asked: Pick<AnyCommand, 'name' | 'args'>): string {
  const words = Object.entries(asked.args).map(([name, argument]) => (argument.required ? name : `[${name}]`));
  return [`/${asked.name}`, ...words].join(' ');
}
