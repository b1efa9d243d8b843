import { toRfc3339, type Clock } from '#core/clock.ts';
import type { AnyCommand } from '#core/command.ts';
import { rulesOf, type CommandChange } from '#core/command-setting.ts';
import { badRequest, refused, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { CommunityPort, PublicSpace } from '#http/hall.ts';
import { record } from '#storage/audit.ts';
import { changeCommandSetting, listCommandSettings, strangersAmong } from '#storage/command-settings.ts';
import { RULES_CHANGED, writeFact } from '#storage/instance.ts';
import { listSpaces, setSpaceSymbol, type Space } from '#storage/spaces.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { explainCommand } from './explain-command.ts';

export interface CommunityParts {
  storage: Storage;
  clock: Clock;
  commands: ReadonlyMap<string, AnyCommand>;
  /** Called after the commit that changed a command of the community. */
  changed(community: string): void;
}

/** What a community decides about its commands and places; for HTTP and for the command line. Each change is audited. */
export function communityPort(parts: CommunityParts): CommunityPort {
  const { storage, clock, commands, changed } = parts;
  return {
    async commands(community) {
      const settings = await listCommandSettings(storage.db, community);
      const sorted = [...commands.values()].toSorted((a, b) => a.name.localeCompare(b.name));
      return sorted.map((command) => rulesOf(command, settings.get(command.name)));
    },
    async changeCommand(wanted) {
      const { community, by, name, change } = wanted;
      const command = commands.get(name);
      if (!command) throw unknown('command');
      if (change.on === false && STAY_ON.has(name)) throw staysOn(name);
      const setting = await storage.write(async (tx) => {
        await needMembers(tx, community, change.allow);
        const next = await changeCommandSetting(tx.db, { community, command: name, change });
        const detail = JSON.stringify(change);
        await record(tx.db, { community, account: by, action: 'command.settings', subject: name, detail, at: clock() });
        await writeFact(tx.db, RULES_CHANGED, newId('evt'));
        return next;
      });
      changed(community);
      return rulesOf(command, setting);
    },
    why: (asked) => explainCommand(parts, asked),
    spaces: async (community) =>
      (await listSpaces(storage.db, community, { limit: LIMITS.spacesPerCommunity })).map(shape),
    async setSymbol({ community, by, space, symbol }) {
      const found = await storage.write(async (tx) => {
        const set = await setSpaceSymbol(tx.db, { community, space, symbol });
        if (!set) throw unknown('space');
        const detail = JSON.stringify({ symbol });
        await record(tx.db, { community, account: by, action: 'space.symbol', subject: space, detail, at: clock() });
        return set;
      });
      return shape(found);
    },
  };
}

/** Every refusal sends people to help, and a place must be able to leave its community. */
const STAY_ON: ReadonlySet<string> = new Set(['help', 'connect']);

function staysOn(name: string) {
  const why =
    name === 'help' ? 'it is where people find out what there is' : 'who looks after a place decides where it belongs';
  return refused(
    `${name}-stays-on`,
    `The command ${name} stays on: ${why}. You can choose who may run it.`,
    `${name} cannot be switched off; an admin or owner can change who may run it`,
  );
}

/** Accounts that are named must be in the community. People on platforms need no account here. */
async function needMembers(tx: Tx, community: string, allow: CommandChange['allow']): Promise<void> {
  if (!Array.isArray(allow)) return;
  const accounts = allow.filter((person) => person.startsWith('acct_'));
  const [stranger] = await strangersAmong(tx.db, community, accounts);
  if (stranger) throw badRequest('not-a-member', `${stranger} is not a member of this community. Nothing was changed.`);
}

function shape({ id, platform, platformId, name, symbol, seenAt }: Space): PublicSpace {
  return { id, platform, platformId, name, symbol, seenAt: toRfc3339(seenAt) };
}
