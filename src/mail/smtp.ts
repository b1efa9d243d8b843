import { createTransport } from 'nodemailer';
import { isLoopback } from '#core/loopback.ts';
import { LIMITS } from '#core/limits.ts';
import type { Mail, MailFailure } from '#core/mail.ts';

/** Connections to an SMTP server. */
export interface Post {
  /** Undefined where the server took it. */
  send(mail: Mail): Promise<MailFailure | undefined>;
  /** Why the server does not let us in; undefined where it does. */
  check(): Promise<string | undefined>;
  close(): void;
}

/** `smtps:` is encrypted from the first byte; `smtp:` by STARTTLS, which is needed except on this machine. */
export function openPost(address: string, from: string): Post {
  const url = new URL(address);
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (url.protocol === 'smtps:' ? 465 : 587)),
    secure: url.protocol === 'smtps:',
    requireTLS: !isLoopback(url.hostname),
    ...(url.username && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    }),
    connectionTimeout: LIMITS.mailSeconds * 1000,
    greetingTimeout: LIMITS.mailSeconds * 1000,
    socketTimeout: LIMITS.mailSeconds * 1000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = url.host;
  return {
    async send(mail) {
      try {
        const headers = { ...mail.headers, 'Auto-Submitted': 'auto-generated' };
        await transport.sendMail({ from, ...mail, to: { name: '', address: mail.to }, headers });
        return undefined;
      } catch (error) {
        return failureOf(error as SmtpError, host);
      }
    },
    async check() {
      try {
        await transport.verify();
        return undefined;
      } catch (error) {
        return failureOf(error as SmtpError, host).why;
      }
    },
    close: () => transport.close(),
  };
}

/** What nodemailer says of a failure. `response`: the server's own words, which may hold an address. */
type SmtpError = Error & { code?: string; responseCode?: number; command?: string };

/** https://www.rfc-editor.org/rfc/rfc5321.html#section-4.2.1 */
function failureOf({ code = 'failed', responseCode, command }: SmtpError, host: string): MailFailure {
  const refused = responseCode !== undefined && responseCode >= 500;
  const ofAddress = refused && command === 'RCPT TO';
  return { why: wordsFor({ code, responseCode, ofAddress }, host), forGood: refused, ofAddress };
}

function wordsFor(said: { code: string; responseCode: number | undefined; ofAddress: boolean }, host: string): string {
  const answered = said.responseCode === undefined ? said.code : `${said.code}, ${said.responseCode}`;
  if (said.ofAddress) return `${host} takes no mail for that address (${said.responseCode})`;
  if (said.code === 'EAUTH') return `${host} refuses the name or password of SMTP_URL (${answered})`;
  if (said.code === 'ETLS') return `${host} offers no encryption that can be trusted (${answered})`;
  if (said.code === 'EENVELOPE') return `${host} refuses MAIL_FROM or this machine (${answered})`;
  if (said.responseCode !== undefined) return `${host} refuses mail (${answered})`;
  return `${host} does not answer (${answered})`;
}
