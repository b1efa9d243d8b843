import type { Done, Stand, SanctionKind } from '#contracts/web.ts';
import { call } from './api.ts';

/** Somebody of a platform who has no account here. */
export type Outsider = { platform: string; platformId: string; name: string };
export type Whom = { account: string } | { person: Outsider };
export type Wanted = Whom & { kind: SanctionKind; minutes?: number; reason: string };

/** Whom an act is about: a member, or `there` of a platform. */
export function whomOf({ id, there }: { id: string; there?: Outsider }): Whom {
  return there ? { person: there } : { account: id };
}

/** How I stand in each community that was looked at, and what waits there for me as a moderator. */
class Order {
  #stands = $state<Record<string, Stand>>({});
  /** Grows with each word of a change, so that an open page reads anew. */
  heard = $state(0);

  of(community: string | undefined): Stand | undefined {
    return community === undefined ? undefined : this.#stands[community];
  }

  /** Reports and held messages that wait. */
  waiting(community: string | undefined): number {
    const waiting = this.of(community)?.waiting;
    return waiting ? waiting.reports + waiting.held : 0;
  }

  async load(community: string): Promise<void> {
    try {
      const stand = await call<Stand>(`/v1/communities/${community}/standing`);
      this.#stands = { ...this.#stands, [community]: stand };
    } catch {
      // The next word of a change asks again.
    }
  }

  /** Something changed there. */
  async changed(community: string): Promise<void> {
    await this.load(community);
    this.heard++;
  }

  async sanction(community: string, wanted: Wanted): Promise<Done> {
    return call<Done>(`/v1/communities/${community}/sanctions`, { method: 'POST', body: wanted });
  }

  forget(): void {
    this.#stands = {};
  }
}

export const order = new Order();
