import { z } from 'zod';
import { enterCommunity } from '#chat/chat.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams } from '#http/shapes.ts';

/** The features of this hall, and what a community sets about them. */
export function featureRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['communities'];
  const path = '/v1/communities/:id/features/:feature/settings';

  app.get(
    '/v1/communities/:id/features',
    { schema: { tags, params: IdParams, response: { 200: FeatureList } } },
    async (request) => {
      const { id } = request.params;
      await enterCommunity(hall.chat, await callers.need(request), id, 'feature.list');
      return { features: await hall.features.list(id) };
    },
  );

  app.get(path, { schema: { tags, params: FeatureParams, response: { 200: Settings } } }, async (request) => {
    const { id, feature } = request.params;
    await enterCommunity(hall.chat, await callers.need(request), id, 'feature.read');
    return shape(await hall.features.settings(id, feature));
  });

  app.put(
    path,
    { schema: { tags, params: FeatureParams, body: Change, response: { 200: Settings } } },
    async (request) => {
      const { id: community, feature } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, community, 'feature.change');
      return shape(await hall.features.change({ community, by: session.account, feature, ...request.body }));
    },
  );
}

type Seen = Awaited<ReturnType<Hall['features']['settings']>>;

function shape({ fields, ...settings }: Seen): z.infer<typeof Settings> {
  const copied = fields.map(({ choices, blanks, ...field }) => ({
    ...field,
    ...(choices && { choices: [...choices] }),
    ...(blanks && { blanks: [...blanks] }),
  }));
  return { ...settings, fields: copied };
}

const FeatureParams = z.object({ id: z.string().max(100), feature: z.string().max(60) });
const Value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
const Change = z.strictObject({
  version: z.int().min(0).describe('as it was when you looked; 409 where somebody changed the settings since'),
  values: z
    .record(z.string(), Value.nullable())
    .describe('by field. What is absent stays, null goes back to what the feature declares'),
});
const FeatureList = z.object({
  features: z.array(
    z.object({
      name: z.string(),
      commands: z.array(z.string()),
      settings: z
        .object({
          title: z.string(),
          about: z.string(),
          fields: z.int().describe('how many there are'),
          changed: z.int().describe('how many differ from what the feature declares'),
        })
        .nullable()
        .describe('null: it has none'),
    }),
  ),
});
const Settings = z.object({
  feature: z.string(),
  title: z.string(),
  about: z.string(),
  version: z.int(),
  fields: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['text', 'number', 'choice', 'switch', 'words', 'role']),
      label: z.string(),
      help: z.string(),
      value: Value,
      declared: Value.describe('what holds where nothing is chosen'),
      choices: z
        .array(z.object({ value: z.string(), label: z.string() }))
        .optional()
        .describe('of a role: those that the community’s places have; empty text for none'),
      least: z.number().optional(),
      most: z.number().optional().describe('the largest number, or the most characters or words'),
      unit: z.string().optional(),
      lines: z.literal(true).optional().describe('a text of several lines'),
      blanks: z.array(z.string()).optional().describe('names that may stand in the text in braces'),
    }),
  ),
});
