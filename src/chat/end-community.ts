import { badRequest, conflict } from '#core/errors.ts';
import { record } from '#storage/audit.ts';
import { findCommunity, firstCommunity } from '#storage/communities.ts';
import { emptyCommunity, sweepEndedCommunities } from '#storage/end-community.ts';
import { inTurn } from '#storage/in-turn.ts';
import { announce, enterCommunity, type Chat, type Person } from './chat.ts';

/** Commits in which words go at once: about a second. The rest of a very large community goes with the hourly sweep. */
const SWEEPS = 20;

/**
 * Ends a community with all that is its own. Nobody is in it from the first commit on; its places on platforms belong to
 * nobody then. `name`: as it is called, typed by whoever means it.
 */
export async function endCommunity(chat: Chat, person: Person, id: string, name: string): Promise<void> {
  await enterCommunity(chat, person, id, 'community.end');
  const at = chat.clock();
  await chat.storage.write(async (tx) => {
    await inTurn(tx.db, `members of ${id}`);
    await needEnd(chat, id, name);
    await emptyCommunity(tx.db, id, at);
    await record(tx.db, { community: id, account: person.account, action: 'community.end', subject: id, at });
  });
  announce(chat, { kind: 'rooms', community: id });
  announce(chat, { kind: 'members', community: id });
  for (let n = 0; n < SWEEPS; n++) if (!(await chat.storage.write((tx) => sweepEndedCommunities(tx.db)))) break;
}

async function needEnd({ storage }: Chat, id: string, name: string): Promise<void> {
  const { db } = storage;
  if ((await firstCommunity(db)).id === id)
    throw conflict('first-community', 'This is the community that the hall began with; everybody is in it. It stays.');
  if ((await findCommunity(db, id))?.name !== name)
    throw badRequest('wrong-name', 'name: type the community’s name as it is written. Nothing was deleted.');
}
