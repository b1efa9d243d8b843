import type { Clock } from '#core/clock.ts';
import { newId } from '#core/ids.ts';
import { firstCommunity } from '#storage/communities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { anyRoomEver, insertRoom } from '#storage/rooms.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { BOT } from './present.ts';

/** A new hall has one room, so that whoever comes first has where to stand. Once deleted it does not come back. */
export async function openFirstRoom(storage: Storage, clock: Clock): Promise<void> {
  const at = clock();
  await storage.write(async (tx) => {
    if (await anyRoomEver(tx.db)) return;
    await inTurn(tx.db, 'first room');
    if (await anyRoomEver(tx.db)) return;
    await insertFirstRoom(tx.db, (await firstCommunity(tx.db)).id, at);
  });
}

/** The room that a community begins with. */
export async function insertFirstRoom(db: Tx['db'], community: string, at: number): Promise<void> {
  const named = { name: 'square', topic: '', private: false };
  await insertRoom(db, { id: newId('room', at), community, ...named, seq: 0, createdBy: BOT.id }, at);
}
