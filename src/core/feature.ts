import { hasSecret } from './arguments.ts';
import type { AnyCommand } from './command.ts';
import type { FeatureSettings } from './feature-settings.ts';
import type { JobWork } from './job.ts';
import type { MailWriter } from './mail.ts';
import type { PersonalData } from './personal-data.ts';
import type { PlatformAction } from './platform.ts';
import type { QuoteWork } from './quote.ts';
import type { Verification } from './verification.ts';

/** What a feature's folder hands over: commands that people ask for, jobs that workers do. */
export interface Feature {
  name: string;
  commands: AnyCommand[];
  jobs: JobWork[];
  /** What each community may set about it. */
  settings?: FeatureSettings;
  /** What it does on the platforms, so that the bot is given just these rights. */
  acts?: PlatformAction[];
  /** Who makes its mails, by their kind. */
  mails?: Record<string, MailWriter>;
  /** The gate, for pages and whatever else lets people speak. */
  verification?: Verification;
  /** What its own tables know of people. */
  personal?: PersonalData[];
  /** Quotes that another program may find, over a bridge. */
  quotes?: QuoteWork;
}

/** What features do on platforms. A secret that somebody writes where others read it is deleted. */
export function actsOf(features: readonly Feature[]): PlatformAction[] {
  return features.flatMap(({ acts = [], commands }) =>
    commands.some(({ args }) => hasSecret(args)) ? [...acts, 'deleteMessage' as const] : acts,
  );
}
