import type { Quoted } from './message.ts';
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
  /** Shows somebody, or a message of theirs, to the moderators. Members may. */
  report(made: Reporting): Promise<void>;
  /** The person that was meant by a name or mention, as it was typed on a platform. 404 where there is nobody of that name. */
  find(asked: { community: string; platform: string; typed: string }): Promise<Whom>;
}

export interface Reporting {
  by: By & { name: string };
  /** `called`: as it was typed, where nobody can tell who that is. */
  whom: Whom | { called: string };
  reason: string;
  /** Where it was asked: the platform, and its own ids. */
  from: { platform: string; space?: string; room?: string };
  /** The message that is reported; without one it is the person. */
  about?: Quoted;
}

export interface Done {
  id: string;
  /** As the person is called. */
  name: string;
  /** The platforms that are asked to do the same. */
  platforms: string[];
}
