/** A mail to one person. It is sent and not kept: it may hold a link that lets somebody in. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** How the way out is. `off`: no server is set, and `why` says where mails are shown in its place. */
export interface MailHealth {
  state: 'up' | 'down' | 'off';
  why?: string;
}

/** Sends mails, each in its own time; whoever asks does not wait. */
export interface Mailer {
  send(mail: Mail): void;
  health(): MailHealth;
  /** What was sent last, newest first, where people may look at it: in the demo. */
  sent?(): readonly Mail[];
  /** Ends what is on its way, `graceMs` at most. */
  stop(graceMs: number): Promise<void>;
}

/** An e-mail address in lower case, as far as one can tell without sending; undefined for any other text. */
export function readAddress(text: string): string | undefined {
  const address = text.trim().toLowerCase();
  const good =
    address.length <= 254 && /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]+\.[^\s@<>()[\]\\,;:".]+$/.test(address);
  return good ? address : undefined;
}
