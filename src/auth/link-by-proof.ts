import { badRequest, conflict, refused } from '#core/errors.ts';
import type { Identity } from '#storage/identities.ts';
import { findSpace } from '#storage/spaces.ts';
import type { Auth } from './auth.ts';
import { linkIdentity } from './identities.ts';
import { tellSanctioned } from './linked-sanctions.ts';
import { beginAttempt, takeAttempt, type Attempt } from './oauth-state.ts';
import type { Proved, Prover } from './proof.ts';

type Keeper = Pick<Auth, 'storage' | 'clock' | 'announce'>;

export interface ProofBegun {
  /** Where the browser goes. */
  address: string;
  /** What it keeps meanwhile. */
  sealed: string;
}

export interface ProofBack {
  sealed: string | undefined;
  redirect: string;
  /** What the platform put into the address. */
  query: { code?: string | undefined; state?: string | undefined; error?: string | undefined };
  by: NonNullable<Attempt['by']>;
}

/** Sends who is signed in to a platform, to prove who they are there. */
export async function beginProof(
  keeper: Keeper,
  prover: Prover,
  asked: { redirect: string; by: NonNullable<Attempt['by']> },
): Promise<ProofBegun> {
  const { by, redirect } = asked;
  const begun = await beginAttempt(keeper, { purpose: 'link', provider: prover.platform, by });
  const { sealed, state, nonce, challenge } = begun;
  return { address: prover.address({ redirect, state, nonce, challenge }), sealed };
}

/** Links who came back, in the browser and the session that set out. Throws as `takeAttempt` and `linkIdentity`. */
export async function endProof(keeper: Keeper, prover: Prover, back: ProofBack): Promise<Identity> {
  const { platform } = prover;
  const { sealed, query, by, redirect } = back;
  const kept = await takeAttempt(keeper, { purpose: 'link', provider: platform, sealed, state: query.state, by });
  if (query.error !== undefined) throw notAgreed();
  if (query.code === undefined)
    throw badRequest('attempt-foreign', 'The platform sent nothing that proves who you are.');
  const { nonce, verifier } = kept;
  const proved = await prover.identify({ redirect, code: query.code, nonce, verifier });
  await needPlace(keeper, platform, proved);
  const { platformId, name } = proved;
  const identity: Identity = {
    platform,
    platformId,
    name,
    account: by.account,
    proof: 'oauth',
    linkedAt: keeper.clock(),
  };
  const linked = await keeper.storage.write((tx) => linkIdentity(tx, identity));
  tellSanctioned(keeper.announce, by.account, linked.sanctionedIn);
  return linked.identity;
}

/** Ids of one workspace mean nobody, or somebody else, in another. */
async function needPlace({ storage }: Keeper, platform: string, { space }: Proved): Promise<void> {
  if (space === undefined || (await findSpace(storage.db, platform, space))) return;
  throw conflict('other-workspace', 'The bot is not in that workspace. Sign in to the one where it is.');
}

function notAgreed() {
  return refused('not-agreed', 'You did not agree there. Nothing was linked.', 'the platform; you can agree there');
}
