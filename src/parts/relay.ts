import { placeOf } from '#bot/receive-message.ts';
import { incomingOf, type Bus, type DurableChannel } from '#bus/bus.ts';
import type { IncomingMessage } from '#core/message.ts';
import { startBrokerRelay } from '#storage/broker-relay.ts';
import { startRelay, type Relay } from '#storage/relay.ts';
import type { Part, Site } from './site.ts';

export interface RelayPart extends Part {
  /** The data was replaced under us: all rows are looked at again. */
  rewind(): void;
}

const LEASE = 'relay';

/** What commits left in the outbox goes to the bus: by this process where it is alone, else by the one that has the lease. */
export function relayPart(site: Site): RelayPart {
  return site.leases ? leasedRelay(site) : ownRelay(site);
}

function ownRelay({ storage, bus }: Site): RelayPart {
  const relay = startRelay(storage, (channel, body, again) => bus.publish(partedBy(bus, channel, body), body, again));
  return { health: () => [], rewind: () => relay.rewind(), stop: () => relay.stop() };
}

function leasedRelay({ storage, bus, leases }: Site): RelayPart {
  let relay: Relay | undefined;
  leases?.want(LEASE, {
    begin() {
      relay = startBrokerRelay(storage, {
        publish: (channel, body, { again, id }) => bus.publish(partedBy(bus, channel, body), body, again, id),
        mayRelay: () => leases.holds(LEASE),
      });
    },
    async end() {
      await relay?.stop();
      relay = undefined;
    },
  });
  return {
    health: () => [{ name: LEASE, state: relay ? 'up' : 'standby' }],
    rewind: () => relay?.rewind(),
    // It ends with the leases.
    stop: async () => undefined,
  };
}

/** What was written when another number of processes stood here goes where somebody takes it now. */
function partedBy(bus: Bus, channel: string, body: string): DurableChannel {
  if (!/^incoming($|\.)/.test(channel) || (channel === 'incoming') === (bus.parts === 1))
    return channel as DurableChannel;
  return incomingOf(placeOf(JSON.parse(body) as IncomingMessage), bus.parts);
}
