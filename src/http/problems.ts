import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { AppError, badRequest } from '#core/errors.ts';

const TITLES: Record<number, string> = {
  400: 'Malformed',
  401: 'Not signed in',
  403: 'Refused',
  404: 'Unknown',
  405: 'Not this way',
  409: 'In conflict',
  413: 'Too large',
  415: 'Not this kind',
  429: 'Too fast',
  500: 'Our mistake',
  503: 'Not now',
};

/** Turns every error into problem+json. https://www.rfc-editor.org/rfc/rfc9457 */
export function problems(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(reply, noted(error, request)));
}

/** The same with OAuth's `error` and `error_description`. Whoever asks in OAuth's forms is answered in its plain JSON. */
export function oauthProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = noted(error, request);
    const more = { error: known.oauth ?? OAUTH[known.status] ?? 'invalid_request', error_description: known.message };
    const plain = FORM.test(request.headers['content-type'] ?? '');
    return sendProblem(reply, known, { more, type: plain ? 'application/json' : PROBLEM });
  });
}

const FORM = /^application\/x-www-form-urlencoded/i;
const OAUTH: Record<number, string> = { 429: 'slow_down', 500: 'server_error', 503: 'temporarily_unavailable' };

function noted(error: FastifyError, request: FastifyRequest): AppError {
  const known = toAppError(error);
  if (known.status === 500 || known.cause !== undefined)
    request.log.error({ err: known.cause ?? error, code: known.code }, known.message);
  return known;
}

/** Addresses that never reach a route: they cannot be decoded, or a part of them is longer than any id. */
export function unreadable(error: FastifyError, _request: unknown, reply: FastifyReply): FastifyReply {
  const tooLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
  const detail = tooLong ? 'There is nothing at this address.' : 'The address cannot be read.';
  const [status, code] = tooLong ? [404, 'unknown-address'] : [400, 'bad-request'];
  return sendProblem(reply, new AppError({ status, code, detail }));
}

/** Bytes that are not HTTP, or heads without end, never become a request. */
export function refuseBytes(_error: Error, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const problem = {
    type: 'about:blank',
    title: TITLES[400],
    status: 400,
    detail: 'This is not HTTP.',
    code: 'bad-request',
    fault: 'caller',
  };
  const body = JSON.stringify(problem);
  const head = `content-type: application/problem+json\r\ncontent-length: ${body.length}\r\nconnection: close`;
  socket.end(`HTTP/1.1 400 Bad Request\r\n${head}\r\n\r\n${body}`);
}

const PROBLEM = 'application/problem+json';

export function sendProblem(
  reply: FastifyReply,
  error: AppError,
  { more, type = PROBLEM }: { more?: Record<string, string>; type?: string } = {},
): FastifyReply {
  const { status, code, fault, rule, retryAfter, wrong } = error;
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const title = TITLES[status] ?? 'Error';
  const some = { ...(rule && { rule }), ...(wrong && { wrong }) };
  const problem = { type: 'about:blank', title, status, detail: error.message, code, fault, ...some };
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type(type)
    .send(JSON.stringify({ ...problem, ...more }));
}

function toAppError(error: FastifyError | AppError): AppError {
  if (error instanceof AppError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return badRequest('bad-request', sayValidation(error.validation));
  const status = error.statusCode ?? 500;
  if (status === 413)
    return new AppError({ status, code: 'too-large', detail: 'The body is larger than this address takes.' });
  if (status === 415) return new AppError({ status, code: 'wrong-kind', detail: 'The body must be application/json.' });
  if (status >= 400 && status < 500)
    return badRequest('bad-request', 'The request cannot be read: it is not valid JSON in UTF-8, or not valid HTTP.');
  return new AppError({
    status: 500,
    code: 'our-mistake',
    detail: 'Something here went wrong. It has been written down.',
    fault: 'ours',
  });
}

interface Issue {
  instancePath?: string;
  message?: string;
  params?: object;
}

function sayValidation(issues: Issue[]): string {
  const { path, message } = firstOf(issues[0]);
  return path ? `${path}: ${message}` : (message ?? 'The request is not as described.');
}

/** What is wrong first; of what may have several forms, and says nothing itself, with the first of them, which is ours. */
function firstOf(issue: Issue | undefined): { path: string; message: string | undefined } {
  const at = issue?.instancePath?.replace(/^\//, '').replaceAll('/', '.') ?? '';
  const { errors } = (issue?.params ?? {}) as { errors?: { path: PropertyKey[]; message: string }[][] };
  const inner = issue?.message === SAYS_NOTHING ? errors?.[0]?.[0] : undefined;
  if (inner) return { path: [at, ...inner.path].filter((part) => part !== '').join('.'), message: inner.message };
  return { path: at, message: issue?.message };
}

/** zod's own words where none of several forms fits. */
const SAYS_NOTHING = 'Invalid input';
