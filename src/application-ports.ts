import type { Vault } from '#clients/vault.ts';
import { APPLICATION_PURPOSE, applicationPurpose, WORKSPACE_PURPOSE } from '#contracts/vault.ts';
import type { Clock } from '#core/clock.ts';
import { conflict } from '#core/errors.ts';
import type { Applications, ConnectorPorts, OpenPorts } from '#core/platform.ts';
import { applicationEnded } from '#spaces/remove-application.ts';
import { inTurn } from '#storage/in-turn.ts';
import { hasApp, noteAppState, sealedApps, type SealedApp, type TokenPurpose } from '#storage/platform-apps.ts';
import { findSpace, serveSpace, type Space } from '#storage/spaces.ts';
import type { Storage } from '#storage/storage.ts';

export interface ApplicationParts {
  storage: Storage;
  clock: Clock;
  vault: Pick<Vault, 'lease'>;
}

/** Communities' own applications on a platform, for the connector that serves them beside the operator's. */
export function applicationsOf(parts: ApplicationParts, base: OpenPorts, platform: string): Applications {
  const { storage, vault } = parts;
  const sealed = (): Promise<SealedApp[]> =>
    sealedApps(storage.db, platform, TOKENS[platform] ?? { is: APPLICATION_PURPOSE });
  return {
    list: async () => (await sealed()).map(({ setAt, sealed: _, ...app }) => ({ ...app, version: setAt })),
    async token(id) {
      const app = (await sealed()).find((one) => one.id === id);
      if (!app?.sealed) throw conflict('no-token', 'No token is kept for this application.');
      const secret = { owner: app.community, purpose: applicationPurpose({ ...app, platform }), sealed: app.sealed };
      return (await vault.lease(secret, platform)).token;
    },
    noted: (id, state, why) => storage.write((tx) => noteAppState(tx.db, id, { state, why: why ?? null })),
    ended: (id) => applicationEnded(parts, id),
    servedBy: async (platformId) => (await findSpace(storage.db, platform, platformId))?.app ?? undefined,
    ports: (app) => portsOf(parts, base, app),
  };
}

const TOKENS: Record<string, TokenPurpose> = { slack: { begins: WORKSPACE_PURPOSE } };

/** Discord’s direct messages, which are no place. */
const DIRECT = 'direct';

type App = Pick<SealedApp, 'id' | 'community'>;

/** What a connection of an application is given: its places are its community’s, and what it hears is answered by it. */
function portsOf(parts: ApplicationParts, base: OpenPorts, app: App): ConnectorPorts {
  const { storage } = parts;
  const find = ({ platform, platformId }: Place): Promise<Space | undefined> =>
    findSpace(storage.db, platform, platformId);
  return {
    ...base,
    space: (place) => spaceOf(parts, app, place),
    receive(message, platformId) {
      const via = { ...message.from.via, application: app.id };
      return base.receive({ ...message, from: { ...message.from, via } }, platformId);
    },
    places: {
      gone: async (place) => {
        if ((await find(place))?.app === app.id) await base.places.gone(place);
      },
      roles: async (place, roles) => {
        if ((await find(place))?.community === app.community) await base.places.roles(place, roles);
      },
    },
    // What the operator's own connection remembers is not of this one.
    memory: { recall: async () => undefined, remember: async () => undefined },
  };
}

interface Place {
  platform: string;
  platformId: string;
}

/** The community; refused where the place is another's, as a bot that somebody invited is no proof. Nothing is heard there then. */
async function spaceOf(
  { storage, clock }: ApplicationParts,
  { id, community }: App,
  place: Place & { name: string },
): ReturnType<ConnectorPorts['space']> {
  if (place.platformId === DIRECT) return { community, symbol: null };
  const known = await findSpace(storage.db, place.platform, place.platformId);
  const left = known !== undefined && known.goneAt !== null && known.connectedAt === null;
  if (known && known.community !== community && !left) throw notIts();
  if (known?.name === place.name && known.goneAt === null) return { community, symbol: known.symbol };
  return storage.write(async (tx) => {
    await inTurn(tx.db, 'applications');
    // It may have been taken away while its connection is still open.
    if (!(await hasApp(tx.db, id))) throw notIts();
    return serveSpace(tx.db, { ...place, community, app: id, at: clock() });
  });
}

function notIts(): Error {
  return conflict(
    'place-of-another',
    'This place belongs to another community, so the application is not heard there.',
  );
}
