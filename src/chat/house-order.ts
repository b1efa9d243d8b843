import type { Clock } from '#core/clock.ts';
import { AppError, refused } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { RateStore } from '#core/rate.ts';
import { atLeast } from '#core/roles.ts';
import { standingRefusal } from '#core/standing.ts';
import { wordMatcher, type WordMatcher, type WordRule } from '#core/word-list.ts';
import { hasPosted, listWordRules, lockDownOf, type LockDown } from '#storage/house-rules.ts';
import { anyInForce, findStanding } from '#storage/sanctions.ts';
import type { Storage } from '#storage/storage.ts';
import type { Person, SeenRoom } from './chat.ts';
import { muteByWords } from './mute-by-words.ts';

/** Decides what becomes of a post. */
export interface HouseOrder {
  /** Throws why the words may not be said there now. `edit`: they are to stand in the place of others, so they cannot wait. */
  judge(person: Person, room: SeenRoom, said: { text: string; edit?: true }): Promise<Verdict>;
}

export interface Verdict {
  /** Why the post waits for a moderator. */
  hold?: 'words' | 'lockdown';
  /** The post came to nothing: it counts for no slow mode. */
  undo(): void;
}

export interface OrderParts {
  storage: Storage;
  clock: Clock;
  rates: RateStore;
}

/** What is read once for each change of a community's order. */
interface Rules {
  lockDown: LockDown | undefined;
  match: WordMatcher;
  /** Somebody is muted or banned. */
  watched: boolean;
  /** People of whom it is known that they have posted before. */
  known: Set<string>;
}

const NOTHING: Verdict = { undo: () => undefined };

/**
 * What a community decided about who may say what. The room that a post asks for anyway comes with the number of the last
 * change: while that is the same, the rules in memory are right, in every process and from the commit of the change on.
 */
export function houseOrder(parts: OrderParts): HouseOrder {
  const kept = new Map<string, { seq: number; rules: Promise<Rules> }>();
  const rulesOf = (community: string, seq: number): Promise<Rules> => {
    const known = kept.get(community);
    if (known?.seq === seq) return known.rules;
    if (kept.size >= LIMITS.rulesKept) kept.clear();
    const rules = readRules(parts, community);
    kept.set(community, { seq, rules });
    rules.catch(() => kept.delete(community));
    return rules;
  };
  return {
    async judge(person, room, said) {
      if (room.orderSeq === 0 && room.slowSeconds === 0) return NOTHING;
      const rules = await rulesOf(room.community, room.orderSeq);
      if (rules.watched) await needGoodStanding(parts, person, room);
      if (atLeast(room.role, 'moderator')) return NOTHING;
      const found = rules.match(said.text);
      if (found && (found.act !== 'hold' || said.edit)) throw await wordsRefused(parts, { person, room, found });
      if (said.edit) return NOTHING;
      const undo = await takeSlow(parts, person, room);
      if (found) return { hold: 'words', undo };
      return (await isFirst(parts, { person, room, rules })) ? { hold: 'lockdown', undo } : { undo };
    },
  };
}

async function readRules({ storage, clock }: OrderParts, community: string): Promise<Rules> {
  const { db } = storage;
  const [lockDown, words, watched] = await Promise.all([
    lockDownOf(db, community, clock()),
    listWordRules(db, community),
    anyInForce(db, community, clock()),
  ]);
  return { lockDown, match: wordMatcher(words), watched, known: new Set() };
}

async function needGoodStanding({ storage, clock }: OrderParts, person: Person, room: SeenRoom): Promise<void> {
  const standing = await findStanding(storage.db, { community: room.community, account: person.account }, clock());
  if (standing) throw standingRefusal(standing, clock());
}

async function wordsRefused(
  parts: OrderParts,
  { person, room, found }: { person: Person; room: SeenRoom; found: WordRule },
): Promise<AppError> {
  if (found.act === 'mute') await muteByWords(parts, { person, community: room.community, rule: found.id });
  const muted = found.act === 'mute' ? ` You are muted for ${LIMITS.wordMuteMinutes} minutes.` : '';
  return refused(
    'words-not-allowed',
    `Your message holds words that are not allowed here. Nothing was posted.${muted}`,
    'the word list; moderators can change it',
  );
}

/** One post in so many seconds; moderators are not slowed. */
async function takeSlow({ rates }: OrderParts, { account }: Person, room: SeenRoom): Promise<() => void> {
  const { id, slowSeconds } = room;
  if (slowSeconds === 0) return NOTHING.undo;
  const rate = { uses: 1, perSeconds: slowSeconds };
  const taken = await rates.take([{ key: `slow ${id} ${account}`, rate }]);
  if (taken.ok) return () => taken.giveBack();
  throw new AppError({
    status: 429,
    code: 'slow-mode',
    detail: `Slow mode is on: one message in ${slowSeconds} s. You can post again in ${taken.wait} s.`,
    rule: `slow mode of ${slowSeconds} s; a moderator can change it`,
    retryAfter: taken.wait,
  });
}

/** Whether it is somebody's first post during a lock-down. */
async function isFirst(
  { storage, clock }: OrderParts,
  { person, room, rules }: { person: Person; room: SeenRoom; rules: Rules },
): Promise<boolean> {
  const { lockDown, known } = rules;
  if (!lockDown || (lockDown.until !== null && lockDown.until <= clock())) return false;
  if (known.has(person.account)) return false;
  if (!(await hasPosted(storage.db, room.community, person.account))) return true;
  known.add(person.account);
  return false;
}
