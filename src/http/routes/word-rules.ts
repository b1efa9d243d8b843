import { z } from 'zod';
import { addWordRule, removeWordRule, seeWordRules } from '#chat/word-rules.ts';
import { toRfc3339 } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { WORD_ACTS, type WordRule as Rule } from '#core/word-list.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { WordRule } from '#http/order-shapes.ts';
import { IdParams, Nothing, line } from '#http/shapes.ts';

/** Words that are not said in a community, and what happens then. The list is short enough to come whole. */
export function wordRuleRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['moderation'];

  app.get(
    '/v1/communities/:id/word-rules',
    { schema: { tags, params: IdParams, response: { 200: z.object({ rules: z.array(WordRule) }) } } },
    async (request) => {
      const rules = await seeWordRules(hall.chat, await callers.need(request), request.params.id);
      return { rules: rules.map(shape) };
    },
  );

  app.post(
    '/v1/communities/:id/word-rules',
    { schema: { tags, params: IdParams, body: NewRule, response: { 201: WordRule } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const rule = await addWordRule(hall.chat, session, request.params.id, request.body);
      return reply.code(201).send(shape(rule));
    },
  );

  app.delete(
    '/v1/communities/:id/word-rules/:rule',
    { schema: { tags, params: RuleParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id, rule } = request.params;
      await removeWordRule(hall.chat, await callers.need(request), id, rule);
      return reply.code(204).send(null);
    },
  );
}

const NewRule = z.strictObject({ words: line(LIMITS.wordRuleText), act: z.enum(WORD_ACTS) });
const RuleParams = z.object({ id: z.string().max(100), rule: z.string().max(100) });

function shape({ id, words, act, madeAt }: Rule & { madeAt: number }): z.infer<typeof WordRule> {
  return { id, words, act, madeAt: toRfc3339(madeAt) };
}
