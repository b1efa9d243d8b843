import { LIMITS } from '#core/limits.ts';
import type { Mail, Mailer, MailHealth } from '#core/mail.ts';
import { openPost, type Post } from './smtp.ts';

export interface SmtpSettings {
  url: string;
  from: string;
}

/** Mails by an SMTP server. */
export function smtpMailer({ url, from }: SmtpSettings): Mailer {
  const post = openPost(url, from);
  const ending = new AbortController();
  let health: MailHealth = { state: 'up' };
  const look = watch(post, (found) => (health = found), ending.signal);
  return {
    async deliver(mail) {
      const failure = await post.send(mail);
      // A server that refuses one address is well.
      if (!failure?.ofAddress) health = failure ? { state: 'down', why: failure.why } : { state: 'up' };
      return failure;
    },
    health: () => health,
    stop() {
      ending.abort();
      look();
      post.close();
    },
  };
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
  return {
    async deliver(mail) {
      show(mail);
      return undefined;
    },
    health: () => off('at the terminal'),
    stop: () => undefined,
  };
}

/** Keeps the last mails for a page: in the demo, whose people are not real. */
export function pageMailer(): Mailer {
  const mails: Mail[] = [];
  return {
    async deliver(mail) {
      mails.unshift(mail);
      mails.length = Math.min(mails.length, LIMITS.mailsShown);
      return undefined;
    },
    sent: () => mails,
    health: () => off('on the page /mail'),
    stop: () => undefined,
  };
}

function off(shown: string): MailHealth {
  return { state: 'off', why: `SMTP_URL is not set: mails are shown ${shown}` };
}
