import { INTENTS } from './intents.ts';
import { may, permissionsOf } from './permissions.ts';
import type { Platform } from './platform.ts';
import { texts } from './texts.ts';
import type { Channel, Guild, Json, Member, User } from './world.ts';

/** A rule for words: https://discord.com/developers/docs/resources/auto-moderation#auto-moderation-rule-object */
export interface WordsRule {
  id: string;
  creatorId: string;
  name: string;
  enabled: boolean;
  keywords: string[];
  allowed: string[];
  exemptRoles: string[];
  exemptChannels: string[];
  /** What whoever is blocked is told. */
  told: string | undefined;
}

export interface Said {
  user: User;
  channel: Channel;
  line: string;
}

/** Throws where a rule of the guild blocks the line, and tells the bot. Who manages the guild is not looked at. */
export function needAllowed(platform: Platform, said: Said): void {
  const { guild } = said.channel;
  const member = guild?.members.get(said.user.id);
  if (!guild || !member || may(permissionsOf(guild, member), 'MANAGE_GUILD')) return;
  for (const rule of guild.wordRules.values()) {
    const keyword = isExempt(rule, member, said.channel) ? undefined : matched(rule, said.line);
    if (keyword === undefined) continue;
    tell(platform, guild, { rule, keyword, said });
    throw new Error(rule.told ?? texts.blocked);
  }
}

function isExempt(rule: WordsRule, member: Member, { id }: Channel): boolean {
  return !rule.enabled || rule.exemptChannels.includes(id) || rule.exemptRoles.some((role) => member.roles.has(role));
}

function matched({ keywords, allowed }: WordsRule, line: string): string | undefined {
  if (allowed.some((keyword) => isIn(line, keyword))) return undefined;
  return keywords.find((keyword) => isIn(line, keyword));
}

/** Whole words; a `*` before or behind lets the word go on there. */
function isIn(line: string, keyword: string): boolean {
  const [, before = '', word = '', behind = ''] = /^(\*?)(.*?)(\*?)$/s.exec(keyword) ?? [];
  const plain = word.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const from = before ? '' : String.raw`(?<![\p{L}\p{N}])`;
  const to = behind ? '' : String.raw`(?![\p{L}\p{N}])`;
  return new RegExp(`${from}${plain}${to}`, 'iu').test(line);
}

/** https://discord.com/developers/docs/events/gateway-events#auto-moderation-action-execution */
function tell(
  platform: Platform,
  guild: Guild,
  { rule, keyword, said }: { rule: WordsRule; keyword: string; said: Said },
): void {
  const bot = guild.members.get(platform.world.bot.id);
  if (!bot || !may(permissionsOf(guild, bot), 'MANAGE_GUILD')) return;
  const data = (intents: number): Json => ({
    guild_id: guild.id,
    action: { type: 1, metadata: rule.told === undefined ? {} : { custom_message: rule.told } },
    rule_id: rule.id,
    rule_trigger_type: 1,
    user_id: said.user.id,
    channel_id: said.channel.id,
    matched_keyword: keyword,
    content: intents & INTENTS.messageContent ? said.line : '',
    matched_content: intents & INTENTS.messageContent ? keyword : '',
  });
  const name = 'AUTO_MODERATION_ACTION_EXECUTION';
  platform.sessions.happen({ name, intents: INTENTS.moderated, guild, tell: data });
}
