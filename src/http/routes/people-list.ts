import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { toRfc3339 } from '#core/clock.ts';
import { csvLine } from '#core/csv.ts';
import { LIMITS } from '#core/limits.ts';
import { readList, type ReadRow } from '#core/list-file.ts';
import { needUse } from '#core/rate.ts';
import { ENTRY_STATES, type PeopleList, type SeenEntry, type SeenImport } from '#core/verification-list.ts';
import type { ListEntry } from '#core/verification.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, Nothing } from '#http/shapes.ts';
import { actorOf, type ActorOf } from './verification.ts';

const tags = ['verification'];

/** The list of people who may be verified: sent whole, as CSV or JSON, looked through before it is taken, changed one by one, read. */
export async function peopleListRoutes(app: App, hall: Hall, callers: Callers): Promise<void> {
  const { verification } = hall;
  if (!verification) return;
  const list: List = { list: verification.list, actor: actorOf(hall, callers), hall };
  await app.register(async (own) => {
    // Lists are read as they come, and not before it is known who sends them.
    own.removeContentTypeParser('application/json');
    for (const type of ['text/csv', 'application/json'])
      own.addContentTypeParser(type, async (_request: unknown, body: unknown) => body);
    sendingRoutes(own as App, list);
  });
  importRoutes(app, list);
  entryRoutes(app, list);
  readingRoutes(app, list);
  sourceRoutes(app, list);
}

interface List {
  list: PeopleList;
  actor: ActorOf;
  hall: Hall;
}

function sendingRoutes(app: App, { list, actor, hall }: List): void {
  const schema = { tags, params: IdParams, body: Sent };

  app.put(
    '/v1/communities/:id/people',
    { schema: { ...schema, querystring: PutAsked, response: { 200: Import } } },
    async (request) => {
      const by = await actor(request, request.params.id, 'list.change');
      await needUse(hall.rates, `list import ${by.account}`, LIMITS.listImports);
      const { missing, skip_bad: skip } = request.query;
      return importShape(await list.put({ by, rows: rowsOf(request), missing, skipBad: skip === '1' }));
    },
  );

  app.post(
    '/v1/communities/:id/verification/imports',
    { schema: { ...schema, querystring: MissingAsked, response: { 201: Import } } },
    async (request, reply) => {
      const by = await actor(request, request.params.id, 'list.change');
      await needUse(hall.rates, `list import ${by.account}`, LIMITS.listImports);
      const made = await list.preview({ by, rows: rowsOf(request), missing: request.query.missing });
      return reply.code(201).send(importShape(made));
    },
  );
}

function rowsOf({ body, headers }: FastifyRequest): AsyncIterable<ReadRow> {
  const form = headers['content-type']?.startsWith('text/csv') ? 'csv' : 'json';
  return readList(body instanceof Readable ? body : Readable.from([]), form);
}

function importRoutes(app: App, { list, actor }: List): void {
  const base = '/v1/communities/:id/verification/imports';
  const one = { tags, params: OneImport };

  app.get(base, { schema: { tags, params: IdParams, response: { 200: Imports } } }, async (request) => {
    const by = await actor(request, request.params.id, 'list.see');
    return { imports: (await list.imports(by)).map(importShape) };
  });

  app.get(`${base}/:import`, { schema: { ...one, response: { 200: Import } } }, async (request) => {
    const by = await actor(request, request.params.id, 'list.see');
    return importShape(await list.import(by, request.params.import));
  });

  app.post(
    `${base}/:import/confirm`,
    { schema: { ...one, body: Confirmed, response: { 200: Import } } },
    async (request) => {
      const by = await actor(request, request.params.id, 'list.change');
      const { skipBad = false } = request.body;
      return importShape(await list.confirm({ by, id: request.params.import, skipBad }));
    },
  );

  app.delete(`${base}/:import`, { schema: { ...one, response: { 204: Nothing } } }, async (request, reply) => {
    const by = await actor(request, request.params.id, 'list.change');
    await list.drop({ by, id: request.params.import });
    return reply.code(204).send(null);
  });
}

function entryRoutes(app: App, { list, actor }: List): void {
  const path = '/v1/communities/:id/people/:user_id';
  const schema = { tags, params: OneEntry };

  app.get(path, { schema: { ...schema, response: { 200: Entry } } }, async (request) => {
    const by = await actor(request, request.params.id, 'list.see');
    return entryShape(await list.entry(by, request.params.user_id));
  });

  app.patch(path, { schema: { ...schema, body: EntryChanged, response: { 200: Entry } } }, async (request) => {
    const by = await actor(request, request.params.id, 'list.change');
    const change = Object.fromEntries(Object.entries(request.body).filter(([, value]) => value !== undefined));
    return entryShape(await list.changeEntry({ by, userId: request.params.user_id, change }));
  });

  app.delete(path, { schema: { ...schema, response: { 204: Nothing } } }, async (request, reply) => {
    const by = await actor(request, request.params.id, 'list.change');
    await list.removeEntry({ by, userId: request.params.user_id });
    return reply.code(204).send(null);
  });
}

function readingRoutes(app: App, { list, actor, hall }: List): void {
  const base = '/v1/communities/:id/verification/list';

  app.get(
    base,
    { schema: { tags, params: IdParams, querystring: EntriesAsked, response: { 200: Entries } } },
    async (request) => {
      const by = await actor(request, request.params.id, 'list.see');
      const { entries, next } = await list.entries(by, request.query);
      return { entries: entries.map(entryShape), next };
    },
  );

  app.get(
    `${base}/export`,
    { schema: { tags, params: IdParams, response: { 200: z.any().describe('CSV') } } },
    async (request, reply) => {
      const by = await actor(request, request.params.id, 'list.see');
      await needUse(hall.rates, `list export ${by.account}`, LIMITS.auditExports);
      return sendCsv(reply, await list.all(by));
    },
  );
}

/** As it can be sent again; the column `state` is then left aside. */
function sendCsv(reply: FastifyReply, slices: AsyncIterable<SeenEntry[]>): FastifyReply {
  async function* lines(): AsyncIterable<string> {
    yield csvLine(['user_id', 'email', 'name', 'until', 'state']);
    for await (const slice of slices) yield slice.map(lineOf).join('');
  }
  return reply
    .header('content-type', 'text/csv; charset=utf-8')
    .header('content-disposition', 'attachment; filename="people.csv"')
    .header('cache-control', 'no-store')
    .send(Readable.from(lines(), { objectMode: false }));
}

function lineOf({ userId, email, name, until, state }: SeenEntry): string {
  return csvLine([userId, email, name, until === null ? '' : toRfc3339(until), state]);
}

function sourceRoutes(app: App, { list, actor }: List): void {
  const base = '/v1/communities/:id/verification/sources';

  app.get(base, { schema: { tags, params: IdParams, response: { 200: Sources } } }, async (request) => {
    const by = await actor(request, request.params.id, 'list.see');
    const sources = await list.sources(by);
    return { sources: sources.map((one) => ({ ...one, askedAt: time(one.askedAt), nextAt: time(one.nextAt) })) };
  });

  app.post(
    `${base}/:name/sync`,
    { schema: { tags, params: OneSource, response: { 200: Import } } },
    async (request) => {
      const by = await actor(request, request.params.id, 'list.change');
      return importShape(await list.sync({ by, name: request.params.name }));
    },
  );

  app.delete(
    `${base}/:name`,
    { schema: { tags, params: OneSource, response: { 204: Nothing } } },
    async (request, reply) => {
      const by = await actor(request, request.params.id, 'list.change');
      await list.leaveSource({ by, name: request.params.name });
      return reply.code(204).send(null);
    },
  );
}

function rowShape({ userId, email, name, until }: ListEntry) {
  return { user_id: userId, email, name, until: time(until) };
}

function entryShape(entry: SeenEntry) {
  const { source, state, subject, person } = entry;
  return { ...rowShape(entry), source, state, subject, person };
}

function importShape({ sample, madeAt, ...one }: SeenImport) {
  const { added, changed, removed } = sample;
  const shaped = { added: added.map(rowShape), changed: changed.map(rowShape), removed: removed.map(rowShape) };
  return { ...one, madeAt: toRfc3339(madeAt), sample: shaped };
}

function time(at: number | null): string | null {
  return at === null ? null : toRfc3339(at);
}

const id = z.string().max(100);
const Sent = z
  .any()
  .describe('text/csv with a head of user_id, email, name and until, or a JSON array of such objects');
const missing = z
  .enum(['keep', 'remove'])
  .default('keep')
  .describe('what happens to entries that the list does not name');
const MissingAsked = z.strictObject({ missing });
const PutAsked = MissingAsked.extend({
  skip_bad: z.enum(['0', '1']).default('0').describe('1: wrong rows are left out'),
});
const Row = z.object({ user_id: z.string(), email: z.string(), name: z.string(), until: z.string().nullable() });
const Import = z.object({
  id,
  state: z.enum(['reading', 'preview', 'writing', 'done', 'dropped']),
  source: z.string(),
  sourceName: z.string().nullable(),
  missing: z.enum(['keep', 'remove', 'source']),
  counts: z.object({
    added: z.number(),
    changed: z.number(),
    same: z.number(),
    removed: z.number(),
    bad: z.number(),
  }),
  report: z.array(z.object({ line: z.number(), field: z.string().nullable(), why: z.string() })),
  madeAt: z.string(),
  sample: z.object({ added: z.array(Row), changed: z.array(Row), removed: z.array(Row) }),
});
const Imports = z.object({ imports: z.array(Import) });
const Confirmed = z.strictObject({ skipBad: z.boolean().optional().describe('wrong rows are left out') });
const Entry = Row.extend({
  source: z.string(),
  state: z.enum(ENTRY_STATES),
  subject: z.string().nullable(),
  person: z.string().nullable(),
});
const EntryChanged = z.strictObject({
  email: z.string().max(1_000).optional(),
  name: z.string().max(1_000).optional(),
  until: z.string().max(100).nullable().optional(),
});
const Entries = z.object({ entries: z.array(Entry), next: z.string().nullable().describe('what `after` takes') });
const EntriesAsked = z.strictObject({
  state: z.enum(ENTRY_STATES).optional(),
  query: z.string().max(LIMITS.listUserId).optional().describe('the start of a user id, a name or an address'),
  after: z.string().max(LIMITS.listUserId).optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.verifyPage).default(LIMITS.verifyPage),
});
const Sources = z.object({
  sources: z.array(
    z.object({
      name: z.string(),
      chosen: z.boolean(),
      agreed: z.boolean(),
      askedAt: z.string().nullable(),
      nextAt: z.string().nullable(),
      result: z.string().nullable(),
    }),
  ),
});
const OneImport = z.object({ id, import: id });
const OneEntry = z.object({ id, user_id: z.string().max(LIMITS.listUserId * 2) });
const OneSource = z.object({ id, name: id });
