import type { VaultCode } from '#contracts/vault.ts';

/** What the vault refuses with: a code of the contract, and a sentence that holds nothing of a secret. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: VaultCode;
  /** Seconds until another try makes sense. */
  readonly retryAfter: number | undefined;

  constructor(status: number, code: VaultCode, detail: string, retryAfter?: number) {
    super(detail);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}
