import { badRequest, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { By } from '#core/moderation.ts';
import { whyNot } from '#core/permission.ts';
import { record } from '#storage/audit.ts';
import { lockDownOf, orderChanged, setLockDown, setSlowMode } from '#storage/house-rules.ts';
import { RULES_CHANGED, writeFact } from '#storage/instance.ts';
import { communityOfRoom } from '#storage/rooms.ts';
import { announce, enterRoom, type Chat, type Person } from './chat.ts';
import { askSlowMode } from './platform-acts.ts';
import { tellModerators } from './tell-moderators.ts';

/** Rooms of the web chat; what is asked over HTTP is asked in one of them. */
const OURS = ['webchat', 'http'];

export interface Slow {
  by: By;
  place: { platform: string; room: string };
  /** Between two posts of one person; 0 ends it. */
  seconds: number;
}

/** Slows a room, here or on a platform. Moderators are not slowed. */
export async function slow(chat: Chat, { by, place, seconds }: Slow): Promise<void> {
  const refusal = whyNot(by, 'room.slow');
  if (refusal) throw refusal;
  if (seconds < 0 || seconds > LIMITS.slowSeconds)
    throw badRequest('bad-seconds', `Slow mode takes 0 to ${LIMITS.slowSeconds} seconds.`);
  const { platform, room } = place;
  const { community, account } = by;
  const ours = OURS.includes(platform);
  if (ours && (await communityOfRoom(chat.storage.db, room)) !== community) throw unknown('room');
  const at = chat.clock();
  await chat.storage.write(async (tx) => {
    if (ours) await setSlowMode(tx.db, room, seconds);
    else await askSlowMode(tx, { community, platform, room, seconds });
    const subject = ours ? room : `${platform}:${room}`;
    const detail = JSON.stringify({ seconds });
    await record(tx.db, { community, account, action: 'moderation.slow', subject, detail, at });
  });
  if (ours) announce(chat, { kind: 'rooms', community });
}

/** The same for a person of the web chat. */
export async function slowRoom(chat: Chat, person: Person, id: string, seconds: number): Promise<void> {
  const { role, community } = await enterRoom(chat, person, id, 'room.slow');
  await slow(chat, {
    by: { account: person.account, role, community },
    place: { platform: 'webchat', room: id },
    seconds,
  });
}

/** Lets nobody new in and makes first posts wait, or ends that. `minutes`: when it ends by itself. */
export async function lockDown(
  chat: Chat,
  { by, on, minutes }: { by: By; on: boolean; minutes?: number },
): Promise<void> {
  const refusal = whyNot(by, 'order.lock-down');
  if (refusal) throw refusal;
  const { community, account } = by;
  const at = chat.clock();
  const until = minutes === undefined ? null : at + minutes * 60_000;
  await chat.storage.write(async (tx) => {
    if (!on && !(await lockDownOf(tx.db, community, at))) return;
    await setLockDown(tx.db, community, on ? { since: at, until, by: account } : undefined);
    await orderChanged(tx.db, community);
    // Connectors close the doors of platforms that have some.
    await writeFact(tx.db, RULES_CHANGED, newId('evt'));
    const detail = JSON.stringify({ on, ...(on && until !== null && { until }) });
    await record(tx.db, { community, account, action: 'moderation.lock-down', subject: community, detail, at });
  });
  await tellModerators(chat, community);
}
