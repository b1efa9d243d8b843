import type { AnyCommand } from './command.ts';
import type { JobWork } from './job.ts';
import type { PlatformAction } from './platform.ts';

/** What a feature's folder hands over: commands that people ask for, jobs that workers do. */
export interface Feature {
  name: string;
  commands: AnyCommand[];
  jobs: JobWork[];
  /** What it does on the platforms, so that the bot is given just these rights. */
  acts?: PlatformAction[];
}
