import { AppError, notReady } from '#core/errors.ts';

/** 503 `not-stored`: the transaction did not happen. */
export function notStored(cause: unknown): AppError {
  return because(cause, 'It could not be stored, so nothing was changed. The operator sees why in the log.');
}

/** 503 `not-stored` too: the way to the database was cut while it committed, so it may have happened or not. */
export function outcomeUnknown(cause: unknown): AppError {
  const detail =
    'The database went away while it was stored, so it may be there or not. A message may be sent again under the same clientId: it will be there once.';
  return because(cause, detail);
}

function because(cause: unknown, detail: string): AppError {
  const error = notReady('not-stored', detail);
  error.cause = cause instanceof AppError ? (cause.cause ?? cause) : cause;
  return error;
}
