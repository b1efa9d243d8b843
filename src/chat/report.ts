import { badRequest, conflict, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { whyNot } from '#core/permission.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { findMessage, markDeleted } from '#storage/messages.ts';
import {
  findReport,
  hasReported,
  insertReport,
  listReports,
  settleReports,
  type ListedReport,
  type Outcome,
} from '#storage/reports.ts';
import { announce, enterCommunity, enterRoom, type Chat, type Person } from './chat.ts';
import type { PageAsked } from './held.ts';
import { askToDelete } from './report-elsewhere.ts';
import { tellModerators } from './tell-moderators.ts';

export { OUTCOMES, type ListedReport, type Outcome, type ReportedThere } from '#storage/reports.ts';

/** Shows a message to the moderators, as it is now. The same person's second report of it changes nothing. */
export async function report(chat: Chat, person: Person, id: string, reason: string): Promise<void> {
  const stored = await findMessage(chat.storage.db, id);
  if (!stored) throw unknown('message');
  const room = await enterRoom(chat, person, stored.room, 'room.read').catch(() => {
    throw unknown('message');
  });
  const refusal = whyNot({ account: person.account, role: room.role }, 'message.report');
  if (refusal) throw refusal;
  if (stored.author === person.account) throw badRequest('own-message', 'This message is your own. You can delete it.');
  const at = chat.clock();
  const { community } = room;
  await chat.storage.write(async (tx) => {
    await inTurn(tx.db, `reports by ${person.account}`);
    if (await hasReported(tx.db, id, person.account)) return;
    const { author, text } = stored;
    const what = { room: room.id, message: id, author, text, reason };
    await insertReport(tx.db, { ...what, id: newId('rep', at), community, madeBy: person.account, madeAt: at });
    await record(tx.db, { community, account: person.account, action: 'message.report', subject: id, at });
  });
  await tellModerators(chat, community);
}

export async function seeReports(
  chat: Chat,
  person: Person,
  community: string,
  asked: PageAsked & { open: boolean },
): Promise<ListedReport[]> {
  await enterCommunity(chat, person, community, 'order.see');
  return listReports(chat.storage.db, { community, ...asked });
}

/** Decides about a message that was reported, for all its reports at once. `deleted` deletes it in the same commit. */
export async function settleReport(
  chat: Chat,
  person: Person,
  { community, id, outcome, reason }: { community: string; id: string; outcome: Outcome; reason: string },
): Promise<void> {
  await enterCommunity(chat, person, community, 'order.settle');
  const found = await findReport(chat.storage.db, community, id);
  if (!found) throw unknown('report');
  if (outcome === 'deleted' && found.there?.said === false)
    throw badRequest('no-message', 'A person was reported and no message, so there is nothing to delete.');
  const at = chat.clock();
  const gone = await chat.storage.write(async (tx) => {
    const settled = { community, message: found.message, by: person.account, at, outcome };
    if (!(await settleReports(tx.db, settled)))
      throw conflict('settled-already', 'Another moderator decided about this report before.');
    const stored = outcome === 'deleted' ? await findMessage(tx.db, found.message) : undefined;
    if (stored) await markDeleted(tx.db, stored, at);
    if (outcome === 'deleted') await askToDelete(tx, found);
    const detail = JSON.stringify({ outcome, ...(found.authorName && { person: found.authorName }), reason });
    const act = { community, account: person.account, action: 'moderation.settle', subject: found.message };
    await record(tx.db, { ...act, detail, at });
    return stored;
  });
  if (gone) {
    const { id: message, seq, room } = gone;
    announce(chat, { kind: 'deleted', room, message: { id: message, seq, room } });
  }
  await tellModerators(chat, community);
}
