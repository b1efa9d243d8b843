import { AppError } from '#core/errors.ts';
import { readConfig, WrongSettings, type Config } from '#src/config.ts';
import { terminal, type Terminal } from '#src/terminal.ts';

/** What every command of the line gets. */
export interface CommandLine {
  config: Config;
  say: Terminal;
  /** The words after the command's name. */
  words: string[];
}

/** A mistake in how a command was typed. */
export class WrongUse extends Error {}

/** A command is loaded when it is asked for: to load all of them takes longer than most of them work. */
const COMMANDS: Record<string, { usage: string[]; run(line: CommandLine): Promise<number> }> = {
  account: {
    usage: [
      'account create NAME [--owner] --password-stdin',
      'account password NAME --password-stdin',
      'account role NAME guest|member|moderator|admin|owner',
      'account second-factor-off NAME',
      'account disable NAME',
    ],
    run: async (line) => (await import('./account.ts')).account(line),
  },
  invite: { usage: ['invite [--uses N] [--days N]'], run: async (line) => (await import('./invite.ts')).invite(line) },
  command: {
    usage: [
      'command list [--community ID]',
      'command set NAME [--on|--off] [--allow ROLE|PERSON,PERSON] [--cooldown SECONDS] [--limit USES/SECONDS] [--symbol S|none] [--reset] [--community ID]',
    ],
    run: async (line) => (await import('./command.ts')).command(line),
  },
  space: {
    usage: ['space list [--community ID]', 'space set ID --symbol S|none [--community ID]'],
    run: async (line) => (await import('./space.ts')).space(line),
  },
  doctor: { usage: ['doctor'], run: async (line) => (await import('./doctor.ts')).doctor(line) },
  'broker-policy': {
    usage: ['broker-policy [--json|--queues] [--name NAME] [--vhost VHOST]'],
    run: async (line) => (await import('./broker-policy.ts')).brokerPolicy(line),
  },
  certs: {
    usage: ['certs DIR [--host HOST|NAME=HOST]… [--renew]'],
    run: async (line) => (await import('./certs.ts')).certs(line),
  },
  vault: {
    usage: [
      'vault status',
      'vault rotate',
      'vault export-key FILE [--passphrase-stdin]',
      'vault import-key FILE [--passphrase-stdin]',
    ],
    run: async (line) => (await import('./vault.ts')).vault(line),
  },
  slack: { usage: ['slack manifest [--http]'], run: async (line) => (await import('./slack.ts')).slack(line) },
  move: {
    usage: ['move [--to postgres://USER:PASSWORD@HOST/DATABASE] [--dry-run]'],
    run: async (line) => (await import('./move.ts')).move(line),
  },
  backup: {
    usage: ['backup FILE [--passphrase-stdin]'],
    run: async (line) => (await import('./backup.ts')).backup(line),
  },
  restore: {
    usage: ['restore FILE [--passphrase-stdin]'],
    run: async (line) => (await import('./backup.ts')).restore(line),
  },
};

/** Runs one command; all are usable whether the hall runs or not. Returns the exit code: 0, 1 for a refusal, 64 for a wrong use, 78 for settings. */
export async function runCommandLine(argv: string[], say: Terminal = terminal()): Promise<number> {
  const [name = '', ...words] = argv;
  const asked = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!asked) {
    const wrong = usage(
      say,
      Object.values(COMMANDS).flatMap((one) => one.usage),
    );
    return HELP.has(name) ? 0 : wrong;
  }
  try {
    return await asked.run({ config: readConfig(process.env, process.cwd()), say, words });
  } catch (error) {
    return explain(say, error, asked.usage);
  }
}

/** What people type who want to know what there is. */
const HELP = new Set(['help', '--help', '-h']);

function usage(say: Terminal, lines: string[]): number {
  for (const line of lines) say.plain(`npm run -s guildhall -- ${line}`);
  return 64;
}

function explain(say: Terminal, error: unknown, lines: string[]): number {
  if (error instanceof WrongUse) {
    say.wrong('usage', error.message);
    return usage(say, lines);
  }
  if (error instanceof WrongSettings) {
    for (const { name, lines: told } of error.wrong) say.wrong(name, ...told);
    return 78;
  }
  say.wrong(error instanceof AppError ? error.code : 'guildhall', (error as Error).message, 'Nothing was changed.');
  return 1;
}
