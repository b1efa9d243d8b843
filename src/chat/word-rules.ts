import { badRequest, conflict, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { wordsOf, type WordAct } from '#core/word-list.ts';
import { record } from '#storage/audit.ts';
import {
  deleteWordRule,
  insertWordRule,
  listWordRules,
  orderChanged,
  type ListedWordRule,
} from '#storage/house-rules.ts';
import { inTurn } from '#storage/in-turn.ts';
import { RULES_CHANGED, writeFact } from '#storage/instance.ts';
import type { Tx } from '#storage/storage.ts';
import { enterCommunity, type Chat, type Person } from './chat.ts';

/** The word list of a community; for those who may change it, as it tells how to get around it. */
export async function seeWordRules(chat: Chat, person: Person, community: string): Promise<ListedWordRule[]> {
  await enterCommunity(chat, person, community, 'order.words');
  return listWordRules(chat.storage.db, community);
}

/** Adds a word or phrase. It holds from the commit on, in every process. */
export async function addWordRule(
  chat: Chat,
  person: Person,
  community: string,
  { words, act }: { words: string; act: WordAct },
): Promise<ListedWordRule> {
  await enterCommunity(chat, person, community, 'order.words');
  if (wordsOf(words).length === 0)
    throw badRequest('no-words', 'There is no letter, digit or picture in it, so nothing would match.');
  const at = chat.clock();
  const rule = { id: newId('rule', at), words, act, madeBy: person.account, madeAt: at };
  await chat.storage.write(async (tx) => {
    await inTurn(tx.db, `words of ${community}`);
    const all = await listWordRules(tx.db, community);
    if (all.length >= LIMITS.wordRules)
      throw conflict('too-many-words', `A word list has at most ${LIMITS.wordRules} words or phrases.`);
    if (all.some((one) => same(one.words, words)))
      throw conflict('words-there', 'These words are on the list already.');
    await insertWordRule(tx.db, community, rule);
    await listChanged(tx, community);
    const entry = { community, account: person.account, action: 'moderation.word-add', subject: rule.id };
    await record(tx.db, { ...entry, detail: JSON.stringify({ act }), at });
  });
  return rule;
}

export async function removeWordRule(chat: Chat, person: Person, community: string, id: string): Promise<void> {
  await enterCommunity(chat, person, community, 'order.words');
  await chat.storage.write(async (tx) => {
    if (!(await deleteWordRule(tx.db, community, id))) throw unknown('word-rule');
    await listChanged(tx, community);
    const act = { community, account: person.account, action: 'moderation.word-remove', subject: id };
    await record(tx.db, { ...act, at: chat.clock() });
  });
}

/** Halls see it with the next post; connectors tell it to the platforms that look for words by themselves. */
async function listChanged(tx: Tx, community: string): Promise<void> {
  await orderChanged(tx.db, community);
  await writeFact(tx.db, RULES_CHANGED, newId('evt'));
}

function same(a: string, b: string): boolean {
  return wordsOf(a).join(' ') === wordsOf(b).join(' ');
}
