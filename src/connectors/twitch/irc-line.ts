/** One line from Twitch's chat, taken apart as far as we need it. `tags` are left as they came: most lines are chatter. */
export interface IrcLine {
  tags: string;
  nick: string;
  command: string;
  /** The first word behind the command: a channel as `#name`, or whom it is for. */
  target: string;
  text: string;
}

/** https://datatracker.ietf.org/doc/html/rfc1459#section-2.3.1 with https://ircv3.net/specs/extensions/message-tags */
export function readLine(raw: string): IrcLine {
  let at = 0;
  let tags = '';
  let nick = '';
  if (raw.startsWith('@')) {
    at = endOfWord(raw, 0);
    tags = raw.slice(1, at++);
  }
  if (raw[at] === ':') {
    const end = endOfWord(raw, at);
    const mark = raw.indexOf('!', at);
    nick = raw.slice(at + 1, mark > at && mark < end ? mark : end);
    at = end + 1;
  }
  const text = raw.indexOf(' :', at);
  const words = text < 0 ? raw.length : text;
  const commandEnd = Math.min(endOfWord(raw, at), words);
  const target = raw.slice(commandEnd + 1, Math.min(endOfWord(raw, commandEnd + 1), words));
  return { tags, nick, command: raw.slice(at, commandEnd), target, text: text < 0 ? '' : raw.slice(text + 2) };
}

/** The lines of one frame, without their ends. */
export function eachLine(frame: string, take: (line: string) => void): void {
  let at = 0;
  while (at < frame.length) {
    const feed = frame.indexOf('\n', at);
    const end = feed < 0 ? frame.length : feed;
    const line = frame.slice(at, frame[end - 1] === '\r' ? end - 1 : end);
    if (line !== '') take(line);
    at = end + 1;
  }
}

/** The value of one tag; empty where it is not there. */
export function tagOf(tags: string, name: string): string {
  const first = tags.startsWith(`${name}=`);
  const before = first ? 0 : tags.indexOf(`;${name}=`) + 1;
  if (before === 0 && !first) return '';
  const at = before + name.length + 1;
  const end = tags.indexOf(';', at);
  const value = tags.slice(at, end < 0 ? tags.length : end);
  return value.includes('\\') ? value.replace(/\\(.?)/gs, (_, sign: string) => ESCAPED[sign] ?? sign) : value;
}

const ESCAPED: Record<string, string> = { ':': ';', s: ' ', '\\': '\\', r: '\r', n: '\n' };

/** A line of ours to a channel. `parent` is the id of the line that it answers. Nothing in it may break the line. */
export function sayLine(said: { channel: string; text: string; nonce: string; parent?: string | undefined }): string {
  const parent = said.parent && /^[\w-]{1,64}$/.test(said.parent) ? `;reply-parent-msg-id=${said.parent}` : '';
  return `@client-nonce=${said.nonce}${parent} PRIVMSG #${said.channel} :${said.text}\r\n`;
}

function endOfWord(raw: string, from: number): number {
  const end = raw.indexOf(' ', from);
  return end < 0 ? raw.length : end;
}
