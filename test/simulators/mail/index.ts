import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** A mail as it arrived. */
export interface Arrived {
  from: string;
  to: string[];
  /** All of it, head and body. */
  raw: string;
  /** The plain part, decoded. */
  text: string;
  subject: string;
}

export interface MailServer {
  /** For SMTP_URL. */
  url: string;
  mails: Arrived[];
  /** What it does with the next mails. away: breaks the connection off; full: refuses for now; no: refuses the address for good. */
  mode: 'takes' | 'away' | 'full' | 'no';
  /** What it waits for before it takes a mail, by the subject; nothing where left out. */
  hold?: (subject: string) => Promise<void>;
  stop(): Promise<void>;
}

export interface MailOptions {
  port?: number;
  /** Only this name and password get in. */
  user?: { name: string; password: string };
  onMail?(mail: Arrived): void;
}

/** A mail server on loopback that delivers nothing and keeps what comes. Any address is taken. */
export async function startMail({ port = 0, user, onMail }: MailOptions = {}): Promise<MailServer> {
  const smtp = new SMTPServer({
    authOptional: user === undefined,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      username === user?.name && password === user?.password
        ? done(null, { user: username })
        : done(new Error('wrong name or password')),
    onConnect: (_session, done) =>
      server.mode === 'away' ? done(Object.assign(new Error('away'), { responseCode: 421 })) : done(),
    onRcptTo: (_address, _session, done) => done(refusal(server.mode)),
    async onData(stream, { envelope: { mailFrom, rcptTo } }, done) {
      const envelope = { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) };
      const arrived = read(await text(stream), envelope);
      await server.hold?.(arrived.subject);
      server.mails.push(arrived);
      onMail?.(arrived);
      done();
    },
  });
  // Connections that clients break off are no trouble here.
  smtp.on('error', () => undefined);
  smtp.listen(port, '127.0.0.1');
  await once(smtp.server, 'listening');
  const at = (smtp.server.address() as AddressInfo).port;
  const login = user ? `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@` : '';
  const stop = () => new Promise<void>((resolve) => smtp.close(() => resolve()));
  const server: MailServer = { url: `smtp://${login}127.0.0.1:${at}`, mails: [], mode: 'takes', stop };
  return server;
}

function refusal(mode: MailServer['mode']): Error | null {
  if (mode === 'full') return Object.assign(new Error('come back later'), { responseCode: 450 });
  if (mode === 'no') return Object.assign(new Error('no such person'), { responseCode: 550 });
  return null;
}

/** As much of https://www.rfc-editor.org/rfc/rfc2045 as is needed for one plain part among several. */
function read(raw: string, envelope: Pick<Arrived, 'from' | 'to'>): Arrived {
  const subject = /^Subject: (.*)$/im.exec(raw)?.[1]?.trim() ?? '';
  const boundary = /boundary="([^"]+)"/i.exec(raw)?.[1];
  const parts = boundary === undefined ? [raw] : raw.split(`--${boundary}`);
  const part = parts.find((one) => /^content-type: text\/plain/im.test(one)) ?? raw;
  const [head = '', ...body] = part.trimStart().split('\r\n\r\n');
  return { ...envelope, raw, subject, text: decoded(body.join('\n\n'), head).replaceAll('\r\n', '\n') };
}

function decoded(body: string, head: string): string {
  if (/^content-transfer-encoding: base64/im.test(head)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/^content-transfer-encoding: quoted-printable/im.test(head)) return body;
  const bytes = body
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
