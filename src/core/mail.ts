/** A mail to one person. It is sent and not kept: it may hold a link that lets somebody in. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Beside those that every mail has. */
  headers?: Record<string, string>;
}

/** How the way out is. `off`: no server is set, and `why` says where mails are shown in its place. */
export interface MailHealth {
  state: 'up' | 'down' | 'off';
  why?: string;
}

/** A mail that is to be made and sent. */
export interface WaitingMail {
  id: string;
  kind: string;
  /** Whose it is, where that is an account. */
  account: string | null;
  /** What it is made of: ids, and no secret. */
  ref: Record<string, string>;
  createdAt: number;
  /** How often it was tried. */
  tries: number;
  expiresAt: number;
}

/** Whoever writes mails of one kind. */
export interface MailWriter {
  /** Makes it at the moment of sending, with what lets somebody in; each try makes it anew. Undefined where nobody needs it any more. */
  make(waiting: WaitingMail): Promise<Mail | undefined>;
  /** It will not be sent: the server takes none for that address, or its time is over. */
  gaveUp?(waiting: WaitingMail, why: string): Promise<void>;
}

/** Why a mail was not sent. */
export interface MailFailure {
  why: string;
  /** Trying again is of no use. */
  forGood: boolean;
  /** The server is well, and will not take mail for this address. */
  ofAddress: boolean;
}

/** The way out. */
export interface Mailer {
  /** Undefined where it was sent. */
  deliver(mail: Mail): Promise<MailFailure | undefined>;
  health(): MailHealth;
  /** What was sent last, newest first, where people may look at it: in the demo. */
  sent?(): readonly Mail[];
  stop(): void;
}

/** The way out as the rest sees it: what is to be sent stands in the database, in the commit of what asks for it. */
export interface MailOut extends Pick<Mailer, 'health' | 'sent'> {
  /** Something may be due: look now, and not with the next look. */
  wake(): void;
}

/** An e-mail address in lower case, as far as one can tell without sending; undefined for any other text. */
export function readAddress(text: string): string | undefined {
  const address = text.trim().toLowerCase();
  const good =
    address.length <= 254 && /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]+\.[^\s@<>()[\]\\,;:".]+$/.test(address);
  return good ? address : undefined;
}
