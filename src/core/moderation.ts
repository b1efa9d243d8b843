import type { Actor } from './permission.ts';

/** A person that something is done to: an account here, or somebody of a platform by the platform's own id. */
export type Whom = { account: string } | { platform: string; platformId: string; name: string };

/** Who does it, and where. `account`: an account, or `platform:id`. */
export interface By extends Actor {
  community: string;
}

export interface Act {
  by: By;
  whom: Whom;
  reason: string;
}

/** What a moderator does to people and rooms, the same from a page, over HTTP and as a command. Each asks for permission. */
export interface Moderation {
  mute(act: Act & { minutes: number }): Promise<Done>;
  kick(act: Act): Promise<Done>;
  /** Without `minutes` it has no end. */
  ban(act: Act & { minutes?: number }): Promise<Done>;
  /** Ends what holds against a person. 404 where nothing does. */
  lift(act: Act & { kind: 'mute' | 'ban' }): Promise<Done>;
  /** 0 ends it. `room`: a room of the web chat, or a platform's own id. */
  slow(act: { by: By; place: { platform: string; room: string }; seconds: number }): Promise<void>;
  lockDown(act: { by: By; on: boolean; minutes?: number }): Promise<void>;
  /** The person that was meant by a name or mention, as it was typed on a platform. 404 where there is nobody of that name. */
  find(asked: { community: string; platform: string; typed: string }): Promise<Whom>;
}

export interface Done {
  id: string;
  /** As the person is called. */
  name: string;
  /** The platforms that are asked to do the same. */
  platforms: string[];
}
