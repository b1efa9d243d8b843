import type { WordsRule } from './auto-moderation.ts';
import { guildFor, needInGuild } from './bot-may.ts';
import { nextId } from './ids.ts';
import { type Platform, violate } from './platform.ts';
import { problems, refuseForm, type Wrong, wrong } from './problems.ts';
import type { Asked, Reply, Route } from './routes.ts';
import { texts } from './texts.ts';
import type { Guild, Json } from './world.ts';

const RULES = '/guilds/:guild/auto-moderation/rules';

/** Rules that look for words and block. https://discord.com/developers/docs/resources/auto-moderation */
export const autoModerationRoutes: Route[] = [
  { method: 'GET', path: RULES, answer: list },
  { method: 'POST', path: RULES, answer: add },
  { method: 'GET', path: `${RULES}/:rule`, answer: getOne },
  { method: 'PATCH', path: `${RULES}/:rule`, answer: change },
  { method: 'DELETE', path: `${RULES}/:rule`, answer: remove },
];

/** Rules for words in one guild, words of a rule, characters of a word, roles, and characters of what is told. */
const MOST = { rules: 6, keywords: 1_000, keyword: 60, roles: 20, told: 150 };

function list(asked: Asked): Reply {
  const guild = guildOf(asked);
  return { status: 200, body: [...guild.wordRules.values()].map((rule) => wire(guild, rule)) };
}

function getOne(asked: Asked): Reply {
  const guild = guildOf(asked);
  return { status: 200, body: wire(guild, ruleOf(guild, asked)) };
}

function add(asked: Asked): Reply {
  const guild = guildOf(asked);
  const given: Json = { ...Object(asked.body) };
  if (given.event_type !== 1 || given.trigger_type !== 1) violate(asked.platform, texts.notSpoken('other triggers'));
  refuseForm([...(typeof given.name === 'string' ? [] : [wrong.required('name')]), ...wrongs(given)]);
  if (guild.wordRules.size >= MOST.rules)
    refuseForm([wrong.because('AUTO_MODERATION_MAX_RULES_OF_TYPE_EXCEEDED', 'Too many rules', 'trigger_type')]);
  const empty = { keywords: [], allowed: [], exemptRoles: [], exemptChannels: [], told: undefined };
  const creatorId = asked.platform.world.bot.id;
  const rule = taken({ id: nextId(), creatorId, name: '', enabled: false, ...empty }, given);
  guild.wordRules.set(rule.id, rule);
  return { status: 200, body: wire(guild, rule) };
}

function change(asked: Asked): Reply {
  const guild = guildOf(asked);
  const given: Json = { ...Object(asked.body) };
  refuseForm(wrongs(given));
  const rule = taken(ruleOf(guild, asked), given);
  guild.wordRules.set(rule.id, rule);
  return { status: 200, body: wire(guild, rule) };
}

function remove(asked: Asked): Reply {
  const guild = guildOf(asked);
  guild.wordRules.delete(ruleOf(guild, asked).id);
  return { status: 204 };
}

function guildOf({ platform, params }: { platform: Platform; params: Asked['params'] }): Guild {
  const guild = guildFor(platform, params.guild);
  needInGuild(platform, guild, 'MANAGE_GUILD');
  return guild;
}

function ruleOf(guild: Guild, { params }: Asked): WordsRule {
  const found = guild.wordRules.get(params.rule ?? '');
  if (!found) throw problems.unknownRoute();
  return found;
}

function wrongs(given: Json): Wrong[] {
  const words = listOf(Object(given.trigger_metadata).keyword_filter);
  const long = words.flatMap((word, index) =>
    word.length >= 1 && word.length <= MOST.keyword
      ? []
      : [wrong.length(1, MOST.keyword, 'trigger_metadata', 'keyword_filter', index)],
  );
  return [
    ...long,
    ...(words.length > MOST.keywords ? [wrong.longerThan(MOST.keywords, 'trigger_metadata', 'keyword_filter')] : []),
    ...(listOf(given.exempt_roles).length > MOST.roles ? [wrong.longerThan(MOST.roles, 'exempt_roles')] : []),
    ...wrongActions(given.actions),
  ];
}

/** Blocking alone of all that a rule can do. */
function wrongActions(given: unknown): Wrong[] {
  if (given === undefined) return [];
  const actions = Array.isArray(given) ? given : [];
  if (actions.length === 0 || actions.some(({ type }) => type !== 1)) return [wrong.choice('(1)', 'actions')];
  const told: unknown = Object(actions[0].metadata).custom_message ?? '';
  return typeof told === 'string' && told.length <= MOST.told
    ? []
    : [wrong.longerThan(MOST.told, 'actions', 0, 'metadata', 'custom_message')];
}

/** The rule with what is given; the rest stays. */
function taken(rule: WordsRule, given: Json): WordsRule {
  const metadata = given.trigger_metadata === undefined ? undefined : Object(given.trigger_metadata);
  return {
    ...rule,
    ...(typeof given.name === 'string' && { name: given.name }),
    ...(typeof given.enabled === 'boolean' && { enabled: given.enabled }),
    ...(metadata && { keywords: listOf(metadata.keyword_filter), allowed: listOf(metadata.allow_list) }),
    ...(given.exempt_roles !== undefined && { exemptRoles: listOf(given.exempt_roles) }),
    ...(given.exempt_channels !== undefined && { exemptChannels: listOf(given.exempt_channels) }),
    ...(Array.isArray(given.actions) && { told: Object(given.actions[0].metadata).custom_message }),
  };
}

function wire(guild: Guild, rule: WordsRule): Json {
  return {
    id: rule.id,
    guild_id: guild.id,
    name: rule.name,
    creator_id: rule.creatorId,
    event_type: 1,
    trigger_type: 1,
    trigger_metadata: {
      keyword_filter: rule.keywords,
      regex_patterns: [],
      allow_list: rule.allowed,
      presets: [],
      mention_total_limit: 0,
    },
    actions: [{ type: 1, metadata: rule.told === undefined ? {} : { custom_message: rule.told } }],
    enabled: rule.enabled,
    exempt_roles: rule.exemptRoles,
    exempt_channels: rule.exemptChannels,
  };
}

const listOf = (given: unknown): string[] => (Array.isArray(given) ? given.map(String) : []);
