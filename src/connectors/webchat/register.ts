import { usage, type AnyCommand } from '#core/command.ts';
import type { Role } from '#core/roles.ts';

/** A command as the composer's palette shows it. */
export interface OfferedCommand {
  name: string;
  summary: string;
  usage: string;
  example: string;
  allow: Role;
  args: {
    name: string;
    about: string;
    kind: string;
    required: boolean;
    choices?: readonly string[];
    pattern?: string;
  }[];
}

/** Commands that somebody may use, by name. */
export function offer(commands: Iterable<AnyCommand>): OfferedCommand[] {
  return [...commands]
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map((one) => ({
      name: one.name,
      summary: one.summary,
      usage: usage(one),
      example: one.example,
      allow: one.allow,
      args: argumentsOf(one),
    }));
}

function argumentsOf(one: AnyCommand): OfferedCommand['args'] {
  return Object.entries(one.args).map(([name, { about, kind, required, choices, pattern }]) => ({
    name,
    about,
    kind,
    required,
    ...(choices && { choices }),
    ...(pattern !== undefined && { pattern }),
  }));
}
