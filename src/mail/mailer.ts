import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { LIMITS } from '#core/limits.ts';
import type { Mail, Mailer, MailHealth } from '#core/mail.ts';
import { openPost, type Post } from './smtp.ts';

export interface SmtpSettings {
  url: string;
  from: string;
  logger: FastifyBaseLogger;
}

/** Mails by an SMTP server. One that is away for a moment is tried again; what it refuses for good is written down and dropped. */
export function smtpMailer({ url, from, logger }: SmtpSettings): Mailer {
  const post = openPost(url, from);
  const ending = new AbortController();
  const queue: Mail[] = [];
  let health: MailHealth = { state: 'up' };
  let working: Promise<void> | undefined;
  const look = watch(post, (found) => (health = found), ending.signal);

  async function work(): Promise<void> {
    for (let mail = queue.shift(); mail !== undefined; mail = queue.shift()) {
      const refusal = await deliver(post, mail, ending.signal);
      health = refusal?.isOurs === false ? health : (refusal?.health ?? { state: 'up' });
      // Whom it was for stays unsaid: the log is read by others.
      if (refusal) logger.warn({ why: refusal.health.why }, 'a mail was not sent');
    }
    working = undefined;
  }

  return {
    send(mail) {
      if (queue.length >= LIMITS.mailsWaiting) return void logger.warn('too many mails wait: one was dropped');
      queue.push(mail);
      working ??= work();
    },
    health: () => health,
    async stop(graceMs) {
      await Promise.race([working, pause(graceMs, undefined, { ref: false })]);
      ending.abort();
      look();
      post.close();
    },
  };
}

interface NotSent {
  health: MailHealth;
  /** The way out is in trouble, and not only this mail's address. */
  isOurs: boolean;
}

async function deliver(post: Post, mail: Mail, signal: AbortSignal): Promise<NotSent | undefined> {
  for (const wait of [...LIMITS.mailRetries, undefined]) {
    const failure = await post.send(mail);
    if (failure === undefined) return undefined;
    const refused: NotSent = { health: { state: 'down', why: failure.why }, isOurs: !failure.ofAddress };
    if (failure.forGood || wait === undefined || signal.aborted) return refused;
    await pause(wait, undefined, { signal, ref: false }).catch(() => undefined);
  }
  return undefined;
}

/** Asks the server at the start, and while it is in trouble, whether it lets us in. */
function watch(post: Post, found: (health: MailHealth) => void, signal: AbortSignal): () => void {
  const ask = async (): Promise<void> => {
    const why = await post.check();
    if (!signal.aborted) found(why === undefined ? { state: 'up' } : { state: 'down', why });
  };
  void ask();
  const timer = setInterval(() => void ask(), LIMITS.mailLookEvery).unref();
  return () => clearInterval(timer);
}

/** Shows each mail to whoever is at the terminal: where no server is set. */
export function terminalMailer(show: (mail: Mail) => void): Mailer {
  return { send: show, health: () => off('at the terminal'), stop: async () => undefined };
}

/** Keeps the last mails for a page: in the demo, whose people are not real. */
export function pageMailer(): Mailer {
  const mails: Mail[] = [];
  return {
    send(mail) {
      mails.unshift(mail);
      mails.length = Math.min(mails.length, LIMITS.mailsShown);
    },
    sent: () => mails,
    health: () => off('on the page /mail'),
    stop: async () => undefined,
  };
}

function off(shown: string): MailHealth {
  return { state: 'off', why: `SMTP_URL is not set: mails are shown ${shown}` };
}
