import { systemClock } from '#core/clock.ts';
import { unknown } from '#core/errors.ts';
import { firstCommunity, listCommunities } from '#storage/communities.ts';
import type { Storage } from '#storage/storage.ts';
import { communityPort } from '#src/community-port.ts';
import { commandsOf, features } from '#src/features.ts';
import type { CommandLine } from './command-line.ts';
import { withData } from './open-data.ts';

/** What an act on a community works with. */
export interface InCommunity {
  community: string;
  storage: Storage;
  port: ReturnType<typeof communityPort>;
}

/** Opens the data for an act on the community that is named, else on the first. A running hall reads what is changed at its next use. */
export async function inCommunity<T>(
  { config }: CommandLine,
  named: string | undefined,
  act: (within: InCommunity) => Promise<T>,
): Promise<T> {
  const commands = commandsOf(features(config));
  return withData(config, async (storage) => {
    const community = await findCommunity(storage, named);
    const port = communityPort({ storage, clock: systemClock, commands, changed: () => undefined });
    return act({ community, storage, port });
  });
}

async function findCommunity(storage: Storage, named: string | undefined): Promise<string> {
  if (named === undefined) return (await firstCommunity(storage.db)).id;
  const found = (await listCommunities(storage.db)).find(({ id }) => id === named);
  if (!found) throw unknown('community');
  return found.id;
}
