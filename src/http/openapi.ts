import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { App } from './app.ts';
import type { Hall } from './hall.ts';
import { Problem } from './shapes.ts';

/** `/openapi.json`, made from the routes' own schemas and the commands' declarations, and `/docs`, which shows it. */
export async function openApi(app: App, hall: Hall): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Guildhall',
        version: hall.settings.version,
        description: 'Errors are application/problem+json with a code and whose fault it is.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'guildhall' },
        },
      },
      security: [{ bearer: [] }, { cookie: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      const { openapiObject } = document;
      const paths = { ...openapiObject.paths, ...commandPaths(hall) } as Paths;
      return { ...openapiObject, paths: withProblems(paths) } as typeof openapiObject;
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

type Paths = Record<string, Record<string, { responses?: Record<string, unknown> }>>;

/** Every operation may be answered by a problem. */
function withProblems(paths: Paths): Paths {
  const { $schema: _draft, ...schema } = z.toJSONSchema(Problem);
  const problem = { description: 'what is wrong', content: { 'application/problem+json': { schema } } };
  for (const operations of Object.values(paths)) {
    for (const one of Object.values(operations)) one.responses = { ...one.responses, default: problem };
  }
  return paths;
}

function commandPaths(hall: Hall): Record<string, unknown> {
  return Object.fromEntries(
    [...hall.commands.all.values()].map((command) => [
      `/v1/commands/${command.name}`,
      { post: operation(hall, command) },
    ]),
  );
}

function operation(hall: Hall, command: Parameters<Hall['commands']['schema']>[0]): unknown {
  const args = hall.commands.schema(command);
  const room = { type: 'string', description: 'say a public answer in this room too' };
  const community = { type: 'string', description: 'where no room is named: one of the caller’s, else their first' };
  const schema = { type: 'object', additionalProperties: false, properties: { room, community, args } };
  const reply = {
    type: 'object',
    properties: { reply: { type: 'object', properties: { text: { type: 'string' }, private: { type: 'boolean' } } } },
  };
  return {
    tags: ['commands'],
    summary: command.summary,
    description: `For ${command.allow} and up, ${command.limit.uses} uses in ${command.limit.perSeconds} seconds. In the chat: ${command.example}`,
    parameters: [
      {
        name: 'wait',
        in: 'query',
        schema: { type: 'number', minimum: 0, maximum: 30, default: 10 },
        description: 'seconds',
      },
    ],
    requestBody: { content: { 'application/json': { schema } } },
    responses: {
      200: { description: 'the answer', content: { 'application/json': { schema: reply } } },
      202: {
        description: 'not done in time; ask GET /v1/jobs/{job}',
        content: { 'application/json': { schema: { type: 'object', properties: { job: { type: 'string' } } } } },
      },
    },
  };
}
