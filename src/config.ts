import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { isLoopback } from '#core/loopback.ts';
import { nearest, readSettings, type Settings } from './settings.ts';

export type Config = Settings & {
  /** Whether a .env file was read, and how many settings came from it or the environment. */
  source: { envFile: boolean; set: number };
};

/** One refused setting: its name, what is wrong and what would be right. */
export interface WrongSetting {
  name: string;
  lines: string[];
}

/** Thrown with every wrong setting at once. Nothing has been started or written. */
export class WrongSettings extends Error {
  readonly wrong: WrongSetting[];

  constructor(wrong: WrongSetting[]) {
    super(wrong.map(({ name, lines }) => `${name}: ${lines.join(' ')}`).join('\n'));
    this.wrong = wrong;
  }
}

/** Reads `.env` in `folder`, then `env`, which wins. Throws `WrongSettings`. */
export function readConfig(env: NodeJS.ProcessEnv, folder: string): Config {
  const path = `${folder}/.env`;
  const envFile = existsSync(path);
  const given: Record<string, string | undefined> = {
    ...(envFile ? parseEnv(readFileSync(path, 'utf8')) : {}),
    ...env,
  };
  const { settings, wrong, set } = readSettings(given);
  const all = [...unknownSettings(given), ...wrong, ...together(settings, wrong)];
  if (all.length > 0) throw new WrongSettings(all);
  return { ...settings, source: { envFile, set } };
}

function unknownSettings(given: Record<string, string | undefined>): WrongSetting[] {
  return Object.keys(given)
    .filter((name) => name.startsWith('GUILDHALL_') && name !== 'GUILDHALL_DATA')
    .map((name) => ({
      name,
      lines: [`is not a setting. Did you mean ${nearest(name)}?`, 'All settings: .env.example'],
    }));
}

/** What is wrong only together with another setting. */
function together(settings: Settings, already: WrongSetting[]): WrongSetting[] {
  const wrong: WrongSetting[] = [];
  const names = new Set(already.map(({ name }) => name));
  if (
    !names.has('HOST') &&
    !names.has('TLS') &&
    !isLoopback(settings.HOST) &&
    settings.TLS === 'off' &&
    settings.TRUSTED_PROXIES.length === 0
  ) {
    wrong.push({
      name: 'HOST',
      lines: [
        `${settings.HOST} lets other machines in, and TLS is off.`,
        'Set TLS=self or TLS=files, or name your proxy in',
        'TRUSTED_PROXIES. HOST=127.0.0.1 keeps it to this machine.',
      ],
    });
  }
  for (const name of ['TLS_CERT', 'TLS_KEY'] as const) {
    if (settings.TLS === 'files' && !settings[name])
      wrong.push({ name, lines: ['is not set, and TLS=files needs it: the path of a PEM file.'] });
    else if (settings.TLS === 'files' && !existsSync(settings[name] as string))
      wrong.push({ name, lines: [`There is no file ${settings[name]}.`] });
  }
  return wrong;
}

/** Where people reach the hall, as far as the settings tell; without a slash at the end. */
export function baseOf(config: Pick<Settings, 'PUBLIC_URL' | 'TLS' | 'HOST' | 'PORT'>): string {
  if (config.PUBLIC_URL !== undefined) return config.PUBLIC_URL;
  const everywhere = config.HOST === '0.0.0.0' || config.HOST === '::';
  const host = everywhere ? 'localhost' : config.HOST;
  return `${config.TLS === 'off' ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${config.PORT}`;
}
