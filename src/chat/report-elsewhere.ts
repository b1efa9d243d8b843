import { outgoingTo } from '#bus/bus.ts';
import { badRequest, conflict, type AppError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { Reporting } from '#core/moderation.ts';
import { whyNot } from '#core/permission.ts';
import type { PlatformAct } from '#core/platform.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { countReportsBy, hasReported, insertReport, type ListedReport, type ReportedThere } from '#storage/reports.ts';
import { findSpace } from '#storage/spaces.ts';
import type { Tx } from '#storage/storage.ts';
import type { Chat } from './chat.ts';
import { tellModerators } from './tell-moderators.ts';
import { meet, type Met } from './whom.ts';

/**
 * Shows the moderators a person, or a message that was said on a platform, whose words are kept as they were. The same person's
 * second report of a message changes nothing. 409 where too many of theirs wait.
 */
export async function reportElsewhere(chat: Chat, made: Reporting): Promise<void> {
  const { by, whom, reason, about } = made;
  const { account, community } = by;
  const refusal = whyNot(by, 'message.report');
  if (refusal) throw refusal;
  const at = chat.clock();
  const id = newId('rep', at);
  const message = about ? `${made.from.platform}:${about.id}` : id;
  await chat.storage.write(async (tx) => {
    await inTurn(tx.db, `reports by ${account}`);
    const met = 'called' in whom ? calledOnly(whom.called) : await meet(tx.db, community, whom);
    if (isOneself(made, met)) throw badRequest('own-message', 'That is you. Nobody has to report themself.');
    if (about && (await hasReported(tx.db, message, account))) return;
    if ((await countReportsBy(tx.db, community, account)) >= LIMITS.openReports) throw tooMany();
    const said = { text: about?.text.slice(0, LIMITS.messageText) ?? '', reason, author: met.account };
    const what = { ...said, id, community, room: made.from.room ?? '', message, madeBy: account, madeAt: at };
    await insertReport(tx.db, { ...what, there: await thereOf(tx, made, met) });
    await record(tx.db, { community, account, action: 'message.report', subject: message, at });
  });
  await tellModerators(chat, community);
}

/** What a moderator decided is asked of the platform, in the same commit; what became of it stands in the log. */
export async function askToDelete(tx: Tx, { community, message, room, there }: ListedReport): Promise<void> {
  if (!there || there.space === null) return;
  const { platform, space, person } = there;
  const said = message.slice(platform.length + 1);
  const target = { space, room, message: said, ...(person !== null && { person }) };
  const body: PlatformAct = { act: 'deleteMessage', community, target, reason: 'Reported' };
  await tx.publish(outgoingTo(platform), body);
}

async function thereOf(tx: Tx, { by, whom, from, about }: Reporting, met: Met): Promise<ReportedThere> {
  const { platform, space = null } = from;
  const place = space === null ? undefined : await findSpace(tx.db, platform, space);
  const known = met.elsewhere.find((one) => one.platform === platform);
  return {
    platform,
    space,
    place: place?.name ?? null,
    person: known?.platformId ?? null,
    personName: calledIn(whom) ?? met.name,
    byName: by.name,
    said: about !== undefined,
  };
}

function calledOnly(name: string): Met {
  return { account: null, name, role: undefined, elsewhere: [] };
}

function calledIn(whom: Reporting['whom']): string | undefined {
  return 'name' in whom ? whom.name : undefined;
}

function isOneself({ by: { account } }: Reporting, met: Met): boolean {
  return account === met.account || met.elsewhere.some((one) => account === `${one.platform}:${one.platformId}`);
}

function tooMany(): AppError {
  const detail = `${LIMITS.openReports} reports of yours wait already. The moderators see them.`;
  return conflict('too-many-reports', detail);
}
