import { z } from 'zod';
import { enterCommunity } from '#chat/chat.ts';
import { CommandChange, CommandSymbol, type CommandRules as Rules } from '#core/command-setting.ts';
import { whyNot, type Actor } from '#core/permission.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { CommandRules, IdParams, Space } from '#http/shapes.ts';

/** What a community decides: its commands, and its places on other platforms. */
export function communityRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['communities'];

  app.get(
    '/v1/communities/:id/commands',
    { schema: { tags, params: IdParams, response: { 200: z.object({ commands: z.array(CommandRules) }) } } },
    async (request) => {
      const { id } = request.params;
      const session = await callers.need(request);
      const role = await enterCommunity(hall.chat, session, id, 'command.list');
      const rules = await hall.communities.commands(id);
      return { commands: rules.map((one) => shownTo({ account: session.account, role }, one)) };
    },
  );

  app.put(
    '/v1/communities/:id/commands/:name',
    { schema: { tags, params: CommandParams, body: CommandChange, response: { 200: CommandRules } } },
    async (request) => {
      const { id: community, name } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, community, 'command.change');
      const wanted = { community, by: session.account, name: name.toLowerCase(), change: request.body };
      return hall.communities.changeCommand(wanted);
    },
  );

  whyRoute(app, hall, callers);
  symbolRoute(app, hall, callers);
}

function whyRoute(app: App, hall: Hall, callers: Callers): void {
  app.get(
    '/v1/communities/:id/commands/:name/why',
    { schema: { tags: ['communities'], params: CommandParams, querystring: WhyAsked, response: { 200: Why } } },
    async (request) => {
      const { id: community, name } = request.params;
      const { person } = request.query;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, community, 'command.change');
      const command = name.toLowerCase();
      const rules = await hall.communities.why({ community, name: command, person });
      const refusals = { community, who: person, action: [`command.${command}`], result: 'refused' as const, limit: 1 };
      const [last] = (await hall.audit.page(refusals, session.account)).entries;
      return { rules, last: last ? { at: last.at, result: last.result } : null };
    },
  );
}

function symbolRoute(app: App, hall: Hall, callers: Callers): void {
  const tags = ['communities'];

  app.patch(
    '/v1/communities/:id/spaces/:space',
    { schema: { tags, params: SpaceParams, body: SpaceChange, response: { 200: Space } } },
    async (request) => {
      const { id: community, space } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, community, 'space.change');
      return hall.communities.setSymbol({ community, by: session.account, space, symbol: request.body.symbol });
    },
  );
}

/** Who is named for a command is for those to know who may change it. Others learn whether they are named themselves. */
function shownTo(actor: Actor, rules: Rules): Rules {
  const { allow } = rules;
  if (!Array.isArray(allow) || !whyNot(actor, 'command.change')) return rules;
  return { ...rules, allow: allow.filter((person) => person === actor.account) };
}

const CommandParams = z.object({ id: z.string().max(100), name: z.string().max(60) });
const SpaceParams = z.object({ id: z.string().max(100), space: z.string().max(100) });
const SpaceChange = z.strictObject({ symbol: CommandSymbol.nullable() });
const WhyAsked = z.strictObject({ person: z.string().min(1).max(100).describe('acct_… or platform:id') });
const Why = z.object({
  rules: z
    .array(
      z.object({
        rule: z.enum(['house', 'account', 'on', 'who', 'pace']),
        state: z.enum(['passes', 'refuses', 'open']).describe('open: it cannot be told before it is used'),
        says: z.string().optional(),
        change: z.string().optional().describe('the rule, and who can change it'),
      }),
    )
    .describe('in the order in which the bot asks them'),
  last: z
    .object({ at: z.iso.datetime(), result: z.string() })
    .nullable()
    .describe('when they were last refused, and by which code'),
});
