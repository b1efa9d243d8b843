import type { Kysely } from 'kysely';
import type { SecretName } from '#core/secret.ts';
import { record } from '#storage/audit.ts';
import type { Schema } from '#storage/schema.ts';

export interface SecretAct {
  act: 'set' | 'check' | 'forget';
  name: SecretName;
  /** The account; `platform:id` for somebody who came by a platform. */
  by: string;
  /** The code of a refusal. */
  detail?: string;
  at: number;
}

/** Writes down who did what to which secret: its purpose, and nothing of what it holds. A person's own belongs to no community. */
export async function recordAct(db: Kysely<Schema>, { act, name, by, detail, at }: SecretAct): Promise<void> {
  const community = name.owner === by ? null : name.owner;
  const action = `secret.${act}`;
  await record(db, { community, account: by, action, subject: name.purpose, ...(detail && { detail }), at });
}
