import { AppError } from '#core/errors.ts';
import type { Clock } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import type { AtPlace, PlaceGate, PlacePerson } from '#core/place-gate.ts';
import type { OwnedPlace } from '#core/platform.ts';
import { roleOf, type RoleMapping } from '#core/role-mapping.ts';
import { atLeast } from '#core/roles.ts';
import type { Verification } from '#core/verification.ts';
import { record } from '#storage/audit.ts';
import { findGate } from '#storage/gate.ts';
import { findIdentity } from '#storage/identities.ts';
import { readFact, writeFact } from '#storage/instance.ts';
import { gateShutAt, knownAtGate, verifiedOn, type Known } from '#storage/place-gate.ts';
import { listMappings } from '#storage/role-mappings.ts';
import { findSpace } from '#storage/spaces.ts';
import type { Storage } from '#storage/storage.ts';
import { tellOnce } from '#storage/verify-bars.ts';
import { isTrusted } from './who-speaks.ts';

export interface PlaceGateParts {
  storage: Storage;
  clock: Clock;
  verification: Pick<Verification, 'code'>;
}

/** The verification gate for connectors: what holds in a place, and how people stand there. Asked anew each time, so that who was verified this moment speaks. */
export function placeGate({ storage, clock, verification }: PlaceGateParts): PlaceGate {
  const { db } = storage;
  return {
    rules: (place) => rulesOf(storage, place),
    async look({ platform, community }, people) {
      const known = await knownAtGate(db, community, { platform, people: people.map(({ person }) => person) });
      const mappings = await listMappings(db, community);
      return new Map(people.map((one) => [one.person, standingOf(one, known.get(one.person), { platform, mappings })]));
    },
    verified: ({ platform, community }, after) =>
      verifiedOn(db, community, { platform, after, limit: LIMITS.verifyPage }),
    tellOnce: ({ platform, community }, id) =>
      storage.write(async (tx) => {
        const [person, at] = [`${platform}:${id}`, clock()];
        const first = await tellOnce(tx.db, { community, person, at });
        if (first) await record(tx.db, { community, account: null, action: 'verification.held', subject: person, at });
        return first;
      }),
    async prove({ platform, platformId: space, community }, { person: platformId, name, room, code }) {
      const subject = (await findIdentity(db, { platform, platformId }))?.account ?? `${platform}:${platformId}`;
      try {
        return await verification.code({ community, subject, platform, platformId, name, space, room }, code);
      } catch (error) {
        // What is wrong with a code is for who pasted it.
        if (error instanceof AppError && error.fault === 'caller') return error.message;
        throw error;
      }
    },
    lacks: (place, why) =>
      storage.write(async (tx) => {
        const before = await readFact(tx.db, factOf('lacks', place));
        if ((why ?? '') === (before ?? '')) return;
        await writeFact(tx.db, factOf('lacks', place), why ?? '');
        const { platform, platformId, community } = place;
        const detail = JSON.stringify({ platform, space: platformId, why });
        const entry = { community, account: null, subject: `${platform}:${platformId}`, detail, at: clock() };
        if (why !== undefined) await record(tx.db, { ...entry, action: 'verification.lacks' });
      }),
    async lookedUntil(place) {
      const until = await readFact(db, factOf('looked', place));
      return until === undefined ? undefined : Number(until);
    },
    looked: (place, until) => storage.write((tx) => writeFact(tx.db, factOf('looked', place), String(until))),
  };
}

async function rulesOf(storage: Storage, place: OwnedPlace): ReturnType<PlaceGate['rules']> {
  const { db } = storage;
  const since = await gateShutAt(db, place.community);
  if (since === null || !(await isTrusted(storage, place))) return undefined;
  const [gate, space] = await Promise.all([
    findGate(db, place.community),
    findSpace(db, place.platform, place.platformId),
  ]);
  const { mode, nickname, roles, welcome } = gate;
  const id = space?.id ?? '';
  return { mode, since, role: roles[id] || undefined, nickname, welcome: welcome[id] || undefined };
}

function standingOf(
  { platformRoles }: PlacePerson,
  known: Known | undefined,
  { platform, mappings }: { platform: string; mappings: readonly RoleMapping[] },
): AtPlace {
  if (known?.verified) return { is: 'verified', name: known.name };
  const role = roleOf({ platform, platformRoles, mappings, trusted: true, membership: known?.role });
  return atLeast(role, 'moderator') ? { is: 'free' } : { is: 'held' };
}

function factOf(what: 'looked' | 'lacks', { platform, platformId }: OwnedPlace): string {
  return `gate.${what}.${platform}.${platformId}`;
}
