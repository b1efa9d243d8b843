import type { Problem } from '#contracts/web.ts';

/** The hall said no, or said nothing (`status` 0, `code` `no-answer`). */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Seconds until it is worth trying again; null where the hall does not say. */
  readonly retryAfter: number | null;
  /** By field, what is wrong with it, where the hall says so. */
  readonly wrong: Record<string, string> | null;

  constructor(about: {
    status: number;
    code: string;
    detail: string;
    retryAfter?: number | null;
    wrong?: Record<string, string> | undefined;
  }) {
    super(about.detail);
    this.name = 'Refusal';
    this.status = about.status;
    this.code = about.code;
    this.retryAfter = about.retryAfter ?? null;
    this.wrong = about.wrong ?? null;
  }
}

/** `file` goes as it is, and may take two minutes: a list is looked through row by row. */
type Request = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  file?: { type: string; content: Blob };
};

let whenSignedOut: () => void = () => {};

/** What to do when the hall no longer knows this session. */
export function onSignedOut(act: () => void): void {
  whenSignedOut = act;
}

/**
 * One call to the hall. Throws `Refusal`. Nobody has to await for longer than 20 s, but for a file.
 * The shape of the answer is the contract's word; the caller names it.
 */
export async function call<Answer = void>(path: string, request: Request = {}): Promise<Answer> {
  const response = await fetched(path, request);
  if (!response.ok) throw await refusalOf(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

async function fetched(path: string, { method = 'GET', body, file }: Request): Promise<Response> {
  const sent = file?.content ?? (body === undefined ? undefined : JSON.stringify(body));
  const headers = sent === undefined ? undefined : { 'content-type': file?.type ?? 'application/json' };
  const signal = AbortSignal.timeout(file ? 120_000 : 20_000);
  try {
    return await fetch(path, { method, body: sent, headers, signal, cache: 'no-store' });
  } catch {
    throw new Refusal({ status: 0, code: 'no-answer', detail: 'The hall did not answer. Try again in a moment.' });
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const problem = await problemOf(response);
  if (response.status === 401 && problem.code === 'no-session') whenSignedOut();
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Refusal({
    status: response.status,
    code: problem.code ?? 'unknown',
    detail: problem.detail ?? `The hall answered ${response.status}. Try again in a moment.`,
    retryAfter: Number.isFinite(seconds) ? seconds : null,
    wrong: problem.wrong,
  });
}

async function problemOf(response: Response): Promise<Partial<Problem>> {
  try {
    return (await response.json()) as Partial<Problem>;
  } catch {
    return {};
  }
}
