import { conflict, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { record } from '#storage/audit.ts';
import { firstCommunity } from '#storage/communities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { RULES_CHANGED, writeFact } from '#storage/instance.ts';
import { getSpace, moveSpace } from '#storage/spaces.ts';
import type { SpaceParts } from './spaces.ts';

/** A place that was connected goes back to the instance's first community, and nobody vouches for it any more. */
export async function giveBack(
  { storage, clock }: SpaceParts,
  { community, by, space: id }: { community: string; by: string; space: string },
): Promise<void> {
  await storage.write(async (tx) => {
    const named = await getSpace(tx.db, community, id);
    if (!named) throw unknown('space');
    await inTurn(tx.db, `space ${named.platform} ${named.platformId}`);
    // While this one waited it may have been moved.
    const space = await getSpace(tx.db, community, id);
    if (!space) throw unknown('space');
    if (space.connectedAt === null)
      throw conflict(
        'not-connected',
        'Nobody connected this place: it came by itself, as the bot is there. Remove the bot there, on its platform.',
      );
    // What the community's own application serves is nobody else's.
    const first = space.app === null ? (await firstCommunity(tx.db)).id : community;
    const at = clock();
    await moveSpace(tx.db, id, { community: first, by: null, at });
    const detail = JSON.stringify({ platform: space.platform });
    await record(tx.db, { community, account: by, action: 'space.disconnect', subject: id, detail, at });
    await writeFact(tx.db, RULES_CHANGED, newId('evt'));
  });
}
