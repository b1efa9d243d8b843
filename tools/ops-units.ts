import { posix } from 'node:path';
import type { TreeFile } from './tree.ts';

/**
 * Checks one systemd unit: its form, and what each of ours must say. `systemd-analyze verify`, where it is installed,
 * is asked in `npm run test:long`. https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
 */
export function checkUnit(file: TreeFile): string[] {
  const { settings, wrong } = readUnit(file.read());
  const missing = Object.entries(NEEDED)
    .filter(([name, value]) => !settings.get(name)?.some((one) => value.test(one)))
    .map(([name]) => `: ${name} is not as it must be: ${settings.get(name)?.join(' ') ?? 'missing'}`);
  const twice = [...settings]
    .filter(([name, values]) => values.length > 1 && !REPEATED.has(name))
    .map(([name]) => `: ${name} stands there twice`);
  const forbidden = [...FORBIDDEN].filter(([name]) => settings.has(name)).map(([name, why]) => `: ${name} ${why}`);
  return [...wrong, ...missing, ...twice, ...forbidden, ...role(file, settings)].map((says) => `${file.path}${says}`);
}

/** Settings by `Section/Name`. */
interface Unit {
  settings: Map<string, string[]>;
  wrong: string[];
}

const YES = /^yes$/;

const NEEDED: Record<string, RegExp> = {
  'Unit/Description': /./,
  'Install/WantedBy': /^multi-user\.target$/,
  'Service/ExecStart': /^\/usr\/bin\/node \/app\/src\/main\.ts --role \S+$/,
  'Service/Type': /^exec$/,
  'Service/Restart': /^on-failure$/,
  // EX_CONFIG: another start does not mend a wrong setting.
  'Service/RestartPreventExitStatus': /^78$/,
  // The program takes up to 20 s to finish what is under way.
  'Service/TimeoutStopSec': /^2[5-9]$/,
  // The vault, its child, is told by the program when to stop.
  'Service/KillMode': /^mixed$/,
  'Service/LimitCORE': /^0$/,
  'Service/DynamicUser': YES,
  'Service/RootDirectory': /^\/\S+$/,
  'Service/NoNewPrivileges': YES,
  'Service/ProtectSystem': /^strict$/,
  'Service/ProtectHome': YES,
  'Service/PrivateTmp': YES,
  'Service/PrivateDevices': YES,
  'Service/ProtectKernelTunables': YES,
  'Service/ProtectControlGroups': YES,
  'Service/RestrictNamespaces': YES,
  'Service/CapabilityBoundingSet': /^$/,
  'Service/SystemCallFilter': /^@system-service$/,
  'Service/SystemCallArchitectures': /^native$/,
};

/** Settings whose lines add up. */
const REPEATED = new Set(
  ['Environment', 'EnvironmentFile', 'LoadCredential', 'SystemCallFilter', 'BindReadOnlyPaths'].map(
    (name) => `Service/${name}`,
  ),
);

const FORBIDDEN = new Map([
  ['Service/MemoryDenyWriteExecute', 'keeps V8 from compiling: node would not start'],
  ['Service/AmbientCapabilities', 'gives what nobody needs'],
]);

function readUnit(text: string): Unit {
  const unit: Unit = { settings: new Map(), wrong: [] };
  let section = '';
  for (const [index, line] of text.split('\n').entries()) {
    const head = /^\[(Unit|Service|Install)\]$/.exec(line)?.[1];
    const setting = /^([A-Za-z]+)=(.*)$/.exec(line);
    if (head) section = head;
    else if (setting && section) {
      const name = `${section}/${setting[1]}`;
      unit.settings.set(name, [...(unit.settings.get(name) ?? []), setting[2] as string]);
    } else if (!/^(#.*)?$/.test(line)) unit.wrong.push(`:${index + 1} cannot be read: ${line}`);
  }
  return unit;
}

/** A template is for any role and proves itself; the other runs all. Either has a folder: the data, or the vault's keys. */
function role({ path }: TreeFile, settings: Unit['settings']): string[] {
  const [start = ''] = settings.get('Service/ExecStart') ?? [];
  const template = posix.basename(path).includes('@');
  if (template !== start.endsWith('%i')) return [': ExecStart has not the role that the name of the file says'];
  if (template && settings.get('Service/LoadCredential')?.length !== 3)
    return [': has not its certificate, key and authority'];
  return settings.has('Service/StateDirectory') ? [] : [': keeps no data: StateDirectory'];
}
