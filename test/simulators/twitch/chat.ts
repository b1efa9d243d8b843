import { randomUUID } from 'node:crypto';
import type { Hub } from './hub.ts';
import { keep } from './hub.ts';
import { texts } from './texts.ts';
import { type Account, type Channel, type ChatLine, isPrivileged, type Quoted, tell } from './world.ts';

/** What somebody wants to say. `from` marks the connection that it came by. */
export interface Speech {
  author: Account;
  channel: Channel;
  text: string;
  action?: boolean;
  parent?: string;
  nonce?: string;
  from?: symbol;
}

/** A drop without `notice` is silent. */
export type Spoken = { line: ChatLine } | { code: string; notice?: { id: string; text: string } };

/** A program speaks: all that the platform checks is checked, and what comes through is said. */
export function speak(hub: Hub, speech: Speech): Spoken {
  const text = tidy(speech.text);
  const refused = refusal(hub, { ...speech, text });
  return refused ?? { line: say(hub, { ...speech, text }) };
}

/** Says it, whatever the limits are: a person who types at the platform's own page. */
export function say({ world, clock }: Pick<Hub, 'world' | 'clock'>, speech: Speech): ChatLine {
  const { author, channel, text, nonce, from } = speech;
  const parent = parentOf(speech);
  const line: ChatLine = {
    id: randomUUID(),
    channel,
    author,
    text,
    action: speech.action ?? false,
    at: clock(),
    first: !channel.spoke.has(author.id),
    ...(nonce === undefined ? {} : { nonce }),
    ...(parent ? { parent: quoted(parent), thread: parent.thread ?? quoted(parent) } : {}),
    ...(from ? { from } : {}),
    gone: false,
  };
  channel.spoke.add(author.id);
  keep(channel.lines, line);
  tell(world, { kind: 'message', line });
  return line;
}

const quoted = ({ id, author, text }: ChatLine): Quoted => ({ id, author, text });

/** The text as it arrives in the chat: the platform names whom a reply is to. */
export const arriving = ({ text, parent }: Pick<ChatLine, 'text' | 'parent'>): string =>
  parent ? `@${parent.author.name} ${text}` : text;

/** A reply to a message that is not there is a message like any other. */
const parentOf = ({ channel, parent }: Speech): ChatLine | undefined =>
  channel.lines.find(({ id, gone }) => id === parent && !gone);

/** Why this account may not speak there now, as the notice of the platform, or undefined. */
export function barred(channel: Channel, account: Account, now: number): { id: string; text: string } | undefined {
  if (channel.suspended) return { id: 'msg_channel_suspended', text: texts.suspended };
  const until = channel.bans.get(account.id) ?? 0;
  if (until === Infinity) return { id: 'msg_banned', text: texts.banned(channel.login) };
  if (until <= now) return undefined;
  return { id: 'msg_timedout', text: texts.timedOut(Math.ceil((until - now) / 1_000)) };
}

/** Forbids an account to speak: for some seconds, or for good. Its lines go from everybody's view. */
export function ban(
  { world, clock }: Pick<Hub, 'world' | 'clock'>,
  channel: Channel,
  target: Account,
  seconds?: number,
): void {
  channel.bans.set(target.id, seconds === undefined ? Infinity : clock() + seconds * 1_000);
  for (const line of channel.lines) if (line.author === target) line.gone = true;
  tell(world, { kind: 'cleared', channel, target, ...(seconds === undefined ? {} : { seconds }) });
  if (seconds === undefined) tell(world, { kind: 'removed', channel, account: target });
}

/** Removes one line from everybody's view. */
export function remove({ world }: Pick<Hub, 'world'>, line: ChatLine): void {
  line.gone = true;
  tell(world, { kind: 'deleted', line });
}

/** The platform trims a message and draws neighbouring spaces together before it looks at it. */
const tidy = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Characters as people count them, not units of UTF-16. */
export const LONGEST = 500;
export const lengthOf = (text: string): number => Array.from(text).length;

function refusal(hub: Hub, speech: Speech): Spoken | undefined {
  const { author, channel, text } = speech;
  if (text === '') return { code: 'empty' };
  const notice = barred(channel, author, hub.clock());
  if (notice) return { code: notice.id, notice };
  if (lengthOf(text) > LONGEST) {
    hub.log.violation(texts.overLong(lengthOf(text)));
    return { code: 'msg_too_long' };
  }
  return withinLimits(hub, speech);
}

function withinLimits({ log, limits }: Hub, speech: Speech): Spoken | undefined {
  const { author, channel } = speech;
  const parent = parentOf(speech);
  const verdict = limits.judge({
    account: author.login,
    channel: channel.login,
    privileged: isPrivileged(channel, author),
    slow: channel.slow,
    text: arriving({ text: speech.text, ...(parent ? { parent } : {}) }),
  });
  if (verdict.ok) return undefined;
  if (verdict.violation) log.violation(verdict.violation);
  return { code: verdict.code, ...(verdict.notice ? { notice: verdict.notice } : {}) };
}
