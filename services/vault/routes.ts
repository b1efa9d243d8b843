import type { z } from 'zod';
import {
  CallBody,
  CheckBody,
  LeaseBody,
  type Operation,
  ResealBody,
  RotationBody,
  TotpBody,
  type LeaseAnswer,
  type ProviderAnswer,
} from '#contracts/vault.ts';
import type { Audit, AuditEntry } from './audit.ts';
import { mayLease } from './callers.ts';
import type { Keys } from './keys.ts';
import { LISTENING } from './listening.ts';
import type { TotpChecker } from './totp.ts';
import { Refusal } from './refusal.ts';

export interface RouteParts {
  keys: Keys;
  audit: Audit;
  call(body: CallBody, by: string, signal: AbortSignal): Promise<ProviderAnswer>;
  totp: TotpChecker;
  lease(body: LeaseBody, by: string, signal: AbortSignal): Promise<LeaseAnswer>;
}

type CallBody = z.infer<typeof CallBody>;
type LeaseBody = z.infer<typeof LeaseBody>;

/** What goes back to a caller. */
export interface Answer {
  status: number;
  type?: string;
  body?: unknown;
}

/** What came, after the caller was let in. */
interface Come<B> {
  caller: string;
  body: B;
  signal: AbortSignal;
}

/** One thing that can be asked. `run` is given what `read` gave. */
export interface Route {
  operation: Operation;
  mostBytes: number;
  read(body: unknown): unknown;
  run(parts: RouteParts, come: Come<unknown>): Promise<Answer> | Answer;
}

/** The route of a request; undefined where there is none. */
export function routeOf(method: string, path: string): Route | undefined {
  return ROUTES.get(`${method} ${path}`);
}

const ROUTES = new Map<string, Route>([
  ['GET /v1/public-key', bare('public-key', ({ keys }) => ok(keys.publicKey()))],
  ['GET /v1/status', bare('status', ({ keys }) => ok(keys.status()))],
  ['POST /v1/check', route('check', { schema: CheckBody, mostBytes: LISTENING.secretBytes, run: check })],
  [
    'POST /v1/call',
    route('call', {
      schema: CallBody,
      mostBytes: LISTENING.callBytes,
      run: async ({ call }, { body, caller, signal }) => ok(await call(body, caller, signal)),
    }),
  ],
  [
    'POST /v1/totp',
    route('totp', {
      schema: TotpBody,
      mostBytes: LISTENING.secretBytes,
      run: async ({ totp }, { body, caller }) => ok(await totp(body, caller)),
    }),
  ],
  ['POST /v1/lease', route('lease', { schema: LeaseBody, mostBytes: LISTENING.secretBytes, run: lease })],
  ['POST /v1/reseal', route('reseal', { schema: ResealBody, mostBytes: LISTENING.resealBytes, run: reseal })],
  ['POST /v1/rotation', route('rotation', { schema: RotationBody, mostBytes: LISTENING.secretBytes, run: rotation })],
]);

function bare(operation: Operation, run: (parts: RouteParts) => Answer): Route {
  return { operation, mostBytes: 0, read: () => undefined, run };
}

interface Told<S extends z.ZodType> {
  schema: S;
  mostBytes: number;
  run(parts: RouteParts, come: Come<z.infer<S>>): Promise<Answer> | Answer;
}

function route<S extends z.ZodType>(operation: Operation, { schema, mostBytes, run }: Told<S>): Route {
  return {
    operation,
    mostBytes,
    read(body) {
      const read = schema.safeParse(body);
      // What is wrong is not said: the words of it would hold what was sent.
      if (!read.success) throw new Refusal(400, 'malformed', `The body is not what ${operation} takes.`);
      return read.data;
    },
    run: (parts, come) => run(parts, come as Come<z.infer<S>>),
  };
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function check(parts: RouteParts, { body, caller }: Come<z.infer<typeof CheckBody>>): Promise<Answer> {
  const { owner, purpose } = body;
  return noted(parts, { by: caller, operation: 'check', owner, purpose }, async () => {
    (await parts.keys.open(body)).fill(0);
    return { answer: { status: 204 } };
  });
}

async function lease({ lease: give, audit }: RouteParts, { body, caller, signal }: Come<LeaseBody>): Promise<Answer> {
  const { owner, purpose, provider } = body;
  if (mayLease(caller, provider)) return ok(await give(body, caller, signal));
  audit({ at: Date.now(), by: caller, operation: 'lease', owner, purpose, provider, outcome: 'not-allowed' });
  throw new Refusal(403, 'not-allowed', 'Who asks with this certificate is not given the leases of that provider.');
}

function reseal(parts: RouteParts, { body, caller, signal }: Come<z.infer<typeof ResealBody>>): Promise<Answer> {
  return noted(parts, { ...NO_SECRET, by: caller, operation: 'reseal' }, async () => {
    const sealed = await parts.keys.reseal(body.secrets, signal);
    const lost = sealed.filter((one) => one === null).length;
    const answer = ok({ secrets: sealed.map((one) => ({ sealed: one })) });
    return { answer, outcome: `ok: ${sealed.length - lost}, cannot-open: ${lost}` };
  });
}

function rotation(parts: RouteParts, { body, caller }: Come<z.infer<typeof RotationBody>>): Promise<Answer> {
  const { step, next = '' } = body;
  return noted(parts, { ...NO_SECRET, by: caller, operation: `rotation ${step}` }, async () => ({
    answer: ok(await (step === 'begin' ? parts.keys.begin() : parts.keys.end(next))),
  }));
}

/** About no one's secret. */
const NO_SECRET = { owner: '', purpose: '' };

/** Does it, and notes how it ended. */
async function noted(
  { audit }: RouteParts,
  told: Omit<AuditEntry, 'at' | 'outcome'>,
  act: () => Promise<{ answer: Answer; outcome?: string }>,
): Promise<Answer> {
  try {
    const { answer, outcome = 'ok' } = await act();
    audit({ ...told, at: Date.now(), outcome });
    return answer;
  } catch (error) {
    audit({ ...told, at: Date.now(), outcome: error instanceof Refusal ? error.code : 'failed' });
    throw error;
  }
}
