import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '#core/errors.ts';
import { whyNot, type Action } from '#core/permission.ts';
import type { Connector, PlatformAct } from '#core/platform.ts';
import { mappedRole } from '#core/role-mapping.ts';
import { record } from '#storage/audit.ts';
import { listMappings } from '#storage/role-mappings.ts';
import type { Site } from './site.ts';

/** Acts travel on `outgoing` among the answers; an answer says nothing of an act. */
export function isAct(body: unknown): body is PlatformAct {
  return typeof body === 'object' && body !== null && 'act' in body;
}

/** Tries, and ms before the next one where the platform names none. */
const TRIES = 4;
const WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 60_000;

/** The platform cannot be reached, or was asked too often. */
const PASSING: ReadonlySet<number> = new Set([429, 503]);

/**
 * Does on a platform what a moderator decided here, and writes down what became of it. An act can come twice and is the same
 * then. What the platform refuses is not tried again: the log says so, and that somebody must do it there.
 */
export async function performAct(
  { storage, clock }: Pick<Site, 'storage' | 'clock'>,
  connector: Connector,
  asked: PlatformAct,
): Promise<void> {
  const refusal = await tried(async () => {
    await needBelow(storage, connector, asked);
    await perform(connector, asked);
  });
  const { act, community, target } = asked;
  const subject = target.person === undefined ? target.room : `${connector.platform}:${target.person}`;
  const facts = { act, platform: connector.platform, space: target.space };
  const detail = JSON.stringify({ ...facts, ...(refusal && { why: refusal.message }) });
  const entry = {
    community,
    account: null,
    action: OF_THE_GATE.has(act) ? 'verification.platform' : 'moderation.platform',
    ...(subject !== undefined && { subject }),
    ...(refusal && { result: refusal.code }),
    detail,
  };
  await storage.write((tx) => record(tx.db, { ...entry, at: clock() }));
}

/** By the table of permission: nobody acts through the bot on somebody who stands as high there as they do here. */
async function needBelow({ db }: Site['storage'], connector: Connector, asked: PlatformAct): Promise<void> {
  const { act, by, community, target } = asked;
  const action = ACTIONS[act];
  if (!by || !action || !connector.actions.rolesOf) return;
  const { platform } = connector;
  const platformRoles = await connector.actions.rolesOf(target);
  const role = mappedRole({ platform, platformRoles }, await listMappings(db, community));
  const refusal = whyNot(by, action, { role });
  if (refusal) throw refusal;
}

const ACTIONS: Partial<Record<PlatformAct['act'], Action>> = {
  timeOut: 'person.mute',
  kick: 'person.kick',
  ban: 'person.ban',
};

/** What the verification gate asks for; the others are asked for by moderators and rules. */
const OF_THE_GATE: ReadonlySet<PlatformAct['act']> = new Set(['grantRole', 'removeRole', 'setNickname']);

async function perform({ actions }: Connector, asked: PlatformAct): Promise<void> {
  const { act, target, value = '', seconds = 0, reason = '' } = asked;
  switch (act) {
    case 'deleteMessage':
      return actions.deleteMessage(target);
    case 'timeOut':
      return actions.timeOut(target, Math.min(seconds, LONGEST_TIME_OUT), reason);
    case 'slowMode':
      return actions.slowMode(target, seconds);
    case 'grantRole':
      return actions.grantRole(target, value);
    case 'removeRole':
      return actions.removeRole(target, value);
    case 'setNickname':
      return actions.setNickname(target, value);
    default:
      return actions[act](target, reason);
  }
}

/** Seconds that every platform with time-outs takes: two weeks, as on Twitch. Here a longer mute holds on. */
const LONGEST_TIME_OUT = 14 * 86_400;

async function tried(work: () => Promise<void>): Promise<AppError | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (!PASSING.has(error.status) || tries >= TRIES) return error;
      await pause(Math.min(LONGEST_WAIT_MS, (error.retryAfter ?? 0) * 1_000 || WAIT_MS));
    }
  }
}
