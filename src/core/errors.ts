/** Whose fault it is: the caller's (mend the request), the platform's (somebody else's service), ours. */
export type Fault = 'caller' | 'platform' | 'ours';

export interface AppErrorInput {
  status: number;
  code: string;
  detail: string;
  fault?: Fault;
  /** For 403 and 429: which rule refused and who can change it. */
  rule?: string;
  /** For 429 and 503: seconds until another try makes sense. */
  retryAfter?: number;
  /** What is wrong by field, each a sentence, where several things were given at once. */
  wrong?: Record<string, string>;
  /** OAuth's own word for it, where a program speaks OAuth: https://www.rfc-editor.org/rfc/rfc8628#section-3.5 */
  oauth?: string;
}

/** The one error that crosses our borders. `detail` is a sentence for people; `code` is for programs. */
export class AppError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fault: Fault;
  readonly rule: string | undefined;
  readonly retryAfter: number | undefined;
  readonly wrong: Record<string, string> | undefined;
  readonly oauth: string | undefined;

  constructor(input: AppErrorInput) {
    super(input.detail);
    this.name = 'AppError';
    this.status = input.status;
    this.code = input.code;
    this.fault = input.fault ?? 'caller';
    this.rule = input.rule;
    this.retryAfter = input.retryAfter;
    this.wrong = input.wrong;
    this.oauth = input.oauth;
  }
}

export function badRequest(code: string, detail: string): AppError {
  return new AppError({ status: 400, code, detail });
}

export function noSession(): AppError {
  return new AppError({ status: 401, code: 'no-session', detail: 'Sign in first.' });
}

/** 403. `rule` names what refused and who can change it. */
export function refused(code: string, detail: string, rule: string): AppError {
  return new AppError({ status: 403, code, detail, rule });
}

/** 404, for what does not exist and for what the caller may not see: the two look the same. */
export function unknown(what: string): AppError {
  return new AppError({
    status: 404,
    code: `unknown-${what}`,
    detail: `There is no such ${what}, or it is not yours to see.`,
  });
}

export function conflict(code: string, detail: string): AppError {
  return new AppError({ status: 409, code, detail });
}

/** 429. `retryAfter` in whole seconds, at least 1. `rule` names what refused and who can change it. */
export function tooFast(retryAfter: number, rule?: string): AppError {
  const seconds = Math.max(1, Math.ceil(retryAfter));
  const wait = seconds === 1 ? 'a second' : `${seconds} seconds`;
  return new AppError({
    status: 429,
    code: 'too-fast',
    detail: `That was too fast. Try again in ${wait}.`,
    ...(rule !== undefined && { rule }),
    retryAfter: seconds,
  });
}

/** 503. */
export function notReady(code: string, detail: string, retryAfter = 5): AppError {
  return new AppError({ status: 503, code, detail, fault: 'ours', retryAfter });
}
