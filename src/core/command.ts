import type { Argument, ArgumentValues } from './arguments.ts';
import type { Fields, FeatureSettings, SettingsOf } from './feature-settings.ts';
import type { Later } from './job.ts';
import type { Rate } from './limits.ts';
import type { IncomingMessage, Reply, Style } from './message.ts';
import type { Role } from './roles.ts';
import type { Scope } from './scopes.ts';
import { named } from './styled.ts';

/** What a command gives: its answer, or a job that will have one. */
export type Answer = Reply | Later;

type Arguments = Record<string, Argument<unknown>>;

/** A command, declared once and served on every platform and over HTTP. `run` returns an answer; it sends nothing. */
export interface Command<A extends Arguments = Arguments, F extends Fields = Fields> {
  name: string;
  summary: string;
  args: A;
  /** A whole line that works, such as `/stock aapl.us`. */
  example: string;
  /** The least role that may run it, unless the community's own table says otherwise. */
  allow: Role;
  /** How it is called in the menu of a message, where a platform has one; the message comes as `about`, its author as `person`. */
  menu?: string;
  /** It is about places on other platforms: of no use in our own chat and over HTTP, and not offered there. */
  elsewhere?: true;
  /** What it asks of a program's token, besides that commands may be run: as the route that does the same. `session`: no token does. */
  token?: Scope | 'session';
  /** Uses by one person. */
  limit: Rate;
  /** The settings of its feature that it reads; `run` gets what holds in the community where it was asked. */
  settings?: FeatureSettings<F>;
  run(asked: { message: IncomingMessage; args: ArgumentValues<A>; settings: SettingsOf<F> }): Answer | Promise<Answer>;
}

/** A command whose argument types are erased: what tables of commands hold. */
export interface AnyCommand extends Omit<Command, 'run'> {
  run(asked: { message: IncomingMessage; args: never; settings: never }): Answer | Promise<Answer>;
}

export function command<A extends Arguments, F extends Fields = Record<never, never>>(
  declared: Command<A, F>,
): AnyCommand {
  return declared as unknown as AnyCommand;
}

/** `/stock symbol` as it is typed there, `[…]` around what may be left out. */
export function usage(asked: Pick<AnyCommand, 'name' | 'args'>, style?: Style): string {
  const words = Object.entries(asked.args).map(([name, argument]) => (argument.required ? name : `[${name}]`));
  return [named(asked, style), ...words].join(' ');
}
