import { TryLater, type OutboundQueue } from '#bus/outbound-queue.ts';
import type { ConnectorPorts } from '#core/platform.ts';
import type { WordRule } from '#core/word-list.ts';
import { backoff, type Backoff } from './backoff.ts';
import type { Calls } from './calls.ts';
import { AUTOMOD, LIMIT, NO_ENTRY, type AutoModPayload, type AutoModRule } from './discord.external.ts';
import { faultOf } from './faults.ts';
import { moderatorRoles, type Guild } from './guilds.ts';
import type { Health } from './health.ts';
import { PERMISSION_WORDS, TEXTS } from './texts.ts';

export interface WordListOptions {
  ports: Pick<ConnectorPorts, 'space' | 'wordRules' | 'blocked'>;
  calls: Calls;
  /** Where guilds wait for their turn. */
  queue: OutboundQueue;
  health: Health;
  backoff: Backoff;
}

/**
 * A community's word list as one rule of AutoMod in each of its guilds, so that Discord looks for the words and the bot need
 * not read what people say. Only the rule that the bot made is touched, and of it the words alone.
 */
export class WordLists {
  readonly #options: WordListOptions;
  /** The bot's rule in each guild that has one. */
  readonly #rules = new Map<string, string>();

  constructor(options: WordListOptions) {
    this.#options = options;
  }

  /** Makes the guild's rule what its community's list is now, in the guild's turn. */
  keep(guild: Guild): void {
    let tries = 0;
    this.#options.queue.send(`words ${guild.id}`, [() => this.#step(guild, tries++)]).catch(() => undefined);
  }

  left(guild: string): void {
    this.#rules.delete(guild);
    this.#options.health.forget(guild);
  }

  /** What AutoMod did by a rule of somebody else is theirs. */
  async blocked({ guild_id, rule_id, action, ...heard }: AutoModPayload): Promise<void> {
    if (this.#rules.get(guild_id) !== rule_id || action.type !== AUTOMOD.block) return;
    await this.#options.ports.blocked?.({
      platform: 'discord',
      space: guild_id,
      ...(heard.channel_id !== undefined && { room: heard.channel_id }),
      person: heard.user_id,
      words: heard.matched_keyword ?? '',
    });
  }

  async #step(guild: Guild, tries: number): Promise<void> {
    const { ports, health, backoff: pauses } = this.#options;
    if (!ports.wordRules) return;
    let wanted: string[] = [];
    try {
      const place = { platform: 'discord', platformId: guild.id };
      const { community } = await ports.space({ ...place, name: guild.name });
      wanted = keywordsOf(await ports.wordRules({ ...place, community }));
      await this.#tell(guild, wanted);
      health.place(guild.id, 'words', undefined);
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === 'later') throw new TryLater(Math.max(fault.ms ?? 0, backoff(pauses, tries)));
      // It is looked again when the bot's role or the list changes.
      const why = NO_ENTRY.has(fault.code)
        ? TEXTS.words.mayNot(PERMISSION_WORDS.wordList)
        : TEXTS.words.wrong(fault.words);
      health.place(guild.id, 'words', wanted.length === 0 ? undefined : why);
    }
  }

  async #tell(guild: Guild, wanted: string[]): Promise<void> {
    const { calls } = this.#options;
    const mine = (await calls.rules(guild.id)).find((one) => isOurs(one, guild));
    if (wanted.length === 0) {
      this.#rules.delete(guild.id);
      if (mine) await calls.dropRule(guild.id, mine.id);
      return;
    }
    const { id } = mine ?? (await calls.addRule(guild.id, newRule(guild, wanted)));
    this.#rules.set(guild.id, id);
    if (mine && !same(mine, wanted)) await calls.changeRule(guild.id, id, wordsIn(wanted));
  }
}

/**
 * A list as Discord takes it, the strictest words first. What is only held in the web chat is left out, as no platform lets a
 * line wait, and so is what is longer than Discord's longest.
 */
export function keywordsOf(rules: readonly WordRule[]): string[] {
  const strict = (act: WordRule['act']): string[] => rules.filter((one) => one.act === act).map(keywordOf);
  const words = [...strict('mute'), ...strict('delete')].filter((one) => one !== '' && one.length <= LIMIT.keyword);
  return [...new Set(words)].slice(0, LIMIT.keywords);
}

/** A star of a rule's own would let the word go on there. Where a script puts no blanks, it has to. */
function keywordOf({ words }: WordRule): string {
  const plain = words
    .normalize('NFKC')
    .replace(/\s+/gu, ' ')
    .replace(/^[*\s]+|[*\s]+$/gu, '')
    .toLowerCase();
  const before = NO_BLANKS.test([...plain][0] ?? '') ? '*' : '';
  const behind = NO_BLANKS.test([...plain].at(-1) ?? '') ? '*' : '';
  return plain === '' ? '' : `${before}${plain}${behind}`;
}

const NO_BLANKS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Extended_Pictographic}]/u;

function isOurs({ creator_id, trigger_type }: AutoModRule, { bot }: Guild): boolean {
  return creator_id === bot && trigger_type === AUTOMOD.keyword;
}

function same({ trigger_metadata }: AutoModRule, wanted: string[]): boolean {
  return JSON.stringify(trigger_metadata.keyword_filter) === JSON.stringify(wanted);
}

/** Who keeps order in the guild may write what they like; who manages it is never looked at by AutoMod. */
function newRule(guild: Guild, wanted: string[]): object {
  return {
    name: TEXTS.words.rule,
    event_type: AUTOMOD.messageSend,
    trigger_type: AUTOMOD.keyword,
    ...wordsIn(wanted),
    actions: [{ type: AUTOMOD.block, metadata: { custom_message: TEXTS.words.told } }],
    enabled: true,
    exempt_roles: moderatorRoles(guild).slice(0, LIMIT.exemptRoles),
  };
}

function wordsIn(wanted: string[]): { trigger_metadata: { keyword_filter: string[] } } {
  return { trigger_metadata: { keyword_filter: wanted } };
}
