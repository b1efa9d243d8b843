import { setTimeout as pause } from 'node:timers/promises';
import { every } from '#core/every.ts';
import { LIMITS } from '#core/limits.ts';
import type { Mailer, MailFailure, MailOut, MailWriter, WaitingMail } from '#core/mail.ts';
import { anyMailDue, deleteMail, putOffMail, takeMails } from '#storage/mail-outbox.ts';
import type { Site } from './site.ts';

export interface MailOutParts extends Pick<Site, 'storage' | 'clock' | 'logger'> {
  mailer: Mailer;
  writers: Readonly<Record<string, MailWriter>>;
}

export interface MailOutPart extends MailOut {
  /** Ends what is on its way, `graceMs` at most; the rest waits for the next start. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Sends the mails that stand in the database, each at least once: a process that is killed between the sending and its record
 * sends it again, made anew. The link in the newest mail is the one that works.
 */
export function mailOut(parts: MailOutParts): MailOutPart {
  const { storage, clock, mailer, logger } = parts;
  const inHand = new Set<Promise<void>>();
  const failed = (err: unknown): void => logger.error({ err }, 'mails were not looked at');
  let looking: Promise<void> | undefined;
  let ended = false;
  const look = async (): Promise<void> => {
    const places = LIMITS.mailsAtOnce - inHand.size;
    if (ended || places === 0 || !(await anyMailDue(storage.db, clock()))) return;
    for (const mail of await storage.write((tx) => takeMails(tx.db, { at: clock(), limit: places }))) {
      const done: Promise<void> = sendOne(parts, mail)
        .catch(failed)
        .finally(() => {
          inHand.delete(done);
          wake();
        });
      inHand.add(done);
    }
  };
  const lookOnce = (): Promise<void> => (looking ??= look().finally(() => (looking = undefined)));
  const wake = (): void => void lookOnce().catch(failed);
  const stop = every(LIMITS.mailsEvery, lookOnce, failed);
  return {
    wake,
    health: mailer.health,
    ...(mailer.sent && { sent: mailer.sent }),
    async stop(graceMs) {
      ended = true;
      stop();
      await Promise.race([Promise.all([looking, ...inHand]), pause(graceMs, undefined, { ref: false })]);
      mailer.stop();
    },
  };
}

async function sendOne(parts: MailOutParts, waiting: WaitingMail): Promise<void> {
  const { storage, clock, mailer, logger } = parts;
  const writer = parts.writers[waiting.kind];
  // Of a newer program, which runs beside this one and sends it.
  if (!writer) return putOff(parts, waiting);
  if (waiting.expiresAt <= clock()) return giveUp(parts, waiting, 'it was tried for too long');
  const mail = await writer.make(waiting);
  const failure = mail && (await mailer.deliver(mail));
  if (!failure) return storage.write((tx) => deleteMail(tx.db, waiting.id));
  // Whom it was for stays unsaid: the log is read by others.
  logger.warn({ why: failure.why, kind: waiting.kind, tries: waiting.tries + 1 }, 'a mail was not sent');
  return isHopeless(failure) ? giveUp(parts, waiting, failure.why) : putOff(parts, waiting);
}

/** What else a server refuses for good, a name or a sender, the operator can mend. */
function isHopeless({ forGood, ofAddress }: MailFailure): boolean {
  return forGood && ofAddress;
}

async function giveUp({ storage, writers }: MailOutParts, waiting: WaitingMail, why: string): Promise<void> {
  await writers[waiting.kind]?.gaveUp?.(waiting, why);
  await storage.write((tx) => deleteMail(tx.db, waiting.id));
}

async function putOff({ storage, clock }: MailOutParts, { id, tries }: WaitingMail): Promise<void> {
  const wait = LIMITS.mailRetries[Math.min(tries, LIMITS.mailRetries.length - 1)] ?? 0;
  await storage.write((tx) => putOffMail(tx.db, id, clock() + wait));
}
