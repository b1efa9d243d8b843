import { beginAttempt, takeAttempt, type Attempt } from '#auth/oauth-state.ts';
import type { Vault } from '#clients/vault.ts';
import { readSealed } from '#contracts/sealed.ts';
import { applicationPurpose } from '#contracts/vault.ts';
import { AppError, badRequest, conflict, refused } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { readFact, RULES_CHANGED, writeFact } from '#storage/instance.ts';
import { findApp, putApp, type PlatformApp } from '#storage/platform-apps.ts';
import { putSecret } from '#storage/secrets.ts';
import { countSpaces, findSpace, moveSpace, serveSpace, type Space } from '#storage/spaces.ts';
import type { Tx } from '#storage/storage.ts';
import { forgetApplication } from './remove-application.ts';
import type { Installed, SlackInstaller } from './slack-install.external.ts';
import type { SpaceParts } from './spaces.ts';

export interface WorkspaceParts extends SpaceParts {
  vault: Pick<Vault, 'seal'>;
  /** Undefined where the operator set no SLACK_CLIENT_ID. */
  slack: SlackInstaller | undefined;
}

type By = NonNullable<Attempt['by']>;

/** The fact that Slack's connector leaves: which workspace the operator's own token is of; empty where there is none. */
export const OPERATORS_WORKSPACE = 'connector.slack.team';

/** Sends an admin of a community to Slack, to choose a workspace. `sealed` stays in the browser. 409 where Slack is not set up. */
export async function beginAdding(
  parts: WorkspaceParts,
  { community, by, redirect }: { community: string; by: By; redirect: string },
): Promise<{ address: string; sealed: string }> {
  if (!parts.slack) throw conflict('slack-not-set-up', WORDS.notSetUp);
  if (!parts.health('slack')) throw conflict('platform-off', WORDS.off);
  const { sealed, state } = await beginAttempt(parts, { purpose: 'add-app', provider: 'slack', by, community });
  return { address: parts.slack.address({ redirect, state: `${state}.${community}` }), sealed };
}

/** Whose attempt came back, which it is used up by. Throws as `takeAttempt`. */
export async function cameBack(
  parts: WorkspaceParts,
  { sealed, state, by }: { sealed: string | undefined; state: string | undefined; by: By },
): Promise<{ community: string }> {
  const came = { sealed, state: state?.split('.')[0], by };
  const { community } = await takeAttempt(parts, { purpose: 'add-app', provider: 'slack', ...came });
  if (community === undefined) throw new Error('an attempt to add a workspace is of a community');
  return { community };
}

/** The community that a `state` names: good enough for which page tells what is wrong, as anybody can write one. */
export function begunFor(state: string | undefined): string | undefined {
  return /^[\w-]+\.(comm_\w{1,60})$/.exec(state ?? '')?.[1];
}

export interface Adding {
  community: string;
  /** The account that adds it. */
  by: string;
  /** What Slack put into the address. */
  query: { code?: string | undefined; error?: string | undefined };
  redirect: string;
}

/**
 * The workspace that Slack's answer is for becomes the community's, and the bot's token there is sealed at once. The same one
 * again has a new token. Whoever is an owner or admin there vouches for it by that; of anybody else's a code has to be typed.
 */
export async function addWorkspace(parts: WorkspaceParts, adding: Adding): Promise<PlatformApp> {
  const { slack } = parts;
  const { query, redirect } = adding;
  if (!slack) throw conflict('slack-not-set-up', WORDS.notSetUp);
  if (query.error !== undefined) throw refused('not-agreed', WORDS.notAgreed, 'Slack; you can agree there');
  if (query.code === undefined) throw badRequest('attempt-foreign', WORDS.nothing);
  const installed = await slack.install({ code: query.code, redirect });
  try {
    return await keep(parts, adding, installed);
  } catch (error) {
    // Where the bot is there for somebody else, they have the same token.
    if (error instanceof AppError && !IN_USE.has(error.code)) await slack.giveBack(installed.token);
    throw error;
  }
}

const IN_USE: ReadonlySet<string> = new Set(['operators-workspace', 'workspace-taken', 'vault-away']);

async function keep(parts: WorkspaceParts, { community, by }: Adding, installed: Installed): Promise<PlatformApp> {
  const { token, team, byAdmin } = installed;
  const name = { owner: community, purpose: applicationPurpose({ platform: 'slack', platformId: team.id }) };
  const sealed = await parts.vault.seal(token, name);
  const key = readSealed(sealed)?.key;
  if (key === undefined) throw new Error('the vault’s client gives what is sealed');
  return parts.storage.write(async (tx) => {
    await inTurn(tx.db, 'applications');
    await inTurn(tx.db, `space slack ${team.id}`);
    const at = parts.clock();
    const known = await needFree(tx, { community, team: team.id, byAdmin, at });
    const app: PlatformApp = {
      ...(known ?? { id: newId('app', at), community, createdBy: by, createdAt: at }),
      platform: 'slack',
      platformId: team.id,
      name: team.name,
      state: 'waiting',
      why: null,
    };
    await putApp(tx.db, app);
    await putSecret(tx.db, { ...name, sealed, key, at });
    const detail = JSON.stringify({ platform: 'slack', application: team.id });
    await record(tx.db, { community, account: by, action: 'app.add', subject: app.id, detail, at });
    await takePlace(tx, app, { by, byAdmin, at });
    return app;
  });
}

interface Wanted {
  community: string;
  team: string;
  byAdmin: boolean;
  at: number;
}

/** The community's own of before, where it is there already. */
async function needFree(tx: Tx, { community, team, byAdmin, at }: Wanted): Promise<PlatformApp | undefined> {
  const { db } = tx;
  if ((await readFact(db, OPERATORS_WORKSPACE)) === team) throw conflict('operators-workspace', WORDS.operators);
  const known = await findApp(db, { platform: 'slack', platformId: team });
  const place = await findSpace(db, 'slack', team);
  if (known?.community === community) return known;
  // A dead one keeps nobody out who looks after the workspace.
  if (known && !(byAdmin && known.state === 'refused')) throw conflict('workspace-taken', WORDS.taken);
  if (known) await forgetApplication(tx, known, { by: null, at });
  if (place && place.community !== community) needProof(place, byAdmin);
  if (place?.community !== community && (await countSpaces(db, community)) >= LIMITS.spacesPerCommunity)
    throw conflict('too-many-spaces', WORDS.tooMany);
  return undefined;
}

/** A place that another community connected moves by the word of who looks after it. */
function needProof({ connectedAt }: Space, byAdmin: boolean): void {
  if (connectedAt !== null && !byAdmin) throw conflict('workspace-connected', WORDS.connected);
}

async function takePlace(
  { db }: Tx,
  { id: app, community, platformId, name }: PlatformApp,
  { by, byAdmin, at }: { by: string; byAdmin: boolean; at: number },
): Promise<void> {
  const before = await findSpace(db, 'slack', platformId);
  const space = await serveSpace(db, { platform: 'slack', platformId, name, community, app, at });
  const entry = { account: by, subject: space.id, detail: JSON.stringify({ platform: 'slack' }), at };
  if (before && before.community !== community)
    await record(db, { ...entry, community: before.community, action: 'space.leave' });
  if (byAdmin) {
    await moveSpace(db, space.id, { community, by, at });
    await record(db, { ...entry, community, action: 'space.connect' });
  }
  await writeFact(db, RULES_CHANGED, newId('evt'));
}

const WORDS = {
  notSetUp: 'The operator of this hall has to set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET first: docs/slack.md.',
  off: 'No process of this hall serves Slack now. The operator has to set it up first: docs/slack.md says how.',
  notAgreed: 'You did not agree at Slack. Nothing was added.',
  nothing: 'Slack sent nothing that lets the bot in. Begin again.',
  operators: 'This is the workspace of the operator’s own token. Connect it by a code, which an admin there types.',
  taken:
    'Another community of this hall has this workspace. It has to be taken away there first, or the app has to be removed from the workspace in Slack.',
  connected:
    'Another community of this hall connected this workspace before. An owner or admin of the workspace has to add it.',
  tooMany: `The community has ${LIMITS.spacesPerCommunity} places, and there is room for no more. Disconnect one first.`,
};
