/** A person as they were when they asked: what every part looks for. */
export interface PersonOnRecord {
  account: string;
  username: string;
  name: string;
  /** Where they are known elsewhere. */
  identities: readonly { platform: string; id: string; name: string }[];
}

/** How somebody wants to be forgotten. `messages`: what they wrote in rooms stays there without their name, or goes. */
export interface Forgetting {
  messages: 'keep' | 'delete';
  at: number;
}

/** Something that is not deleted with the person, and why. Sentences for that person. */
export interface KeptData {
  what: string;
  why: string;
}

/**
 * What one part of the program knows of people. Each part with a person's column in a table declares it; a test fails where
 * one does not. `Db` is the database that the part's tables are in: the core knows none.
 */
export interface PersonalData<Db = unknown> {
  /** The part's name in an export. */
  name: string;
  /** Which columns of its tables name a person, or hold what somebody wrote. */
  columns: Readonly<Record<string, readonly string[]>>;
  /** What stays after erasing. Empty where all goes. */
  keeps(how: Pick<Forgetting, 'messages'>): readonly KeptData[];
  /** All of it, a record at a time; large tables are read in pieces. */
  read(db: Db, person: PersonOnRecord): AsyncIterable<object>;
  /** Removes or makes nameless what is little, in the commit that ends the account. */
  erase(db: Db, person: PersonOnRecord, how: Forgetting): Promise<void>;
  /**
   * After that, the rest: a piece a commit, so that nobody waits for all of it. Gives where the next piece begins, undefined at
   * the end. Begun anew after a kill: it may come twice.
   */
  sweep?(db: Db, person: PersonOnRecord, piece: Forgetting & { from: string | undefined }): Promise<string | undefined>;
}

/** What stands where the name of a deleted person was. */
export const NOBODY = 'Deleted person';

/** How the rest of the program names this person: by the account, or as `platform:id`. */
export function idsOf({ account, identities }: PersonOnRecord): string[] {
  return [account, ...elsewhere({ identities })];
}

/** The person's names on platforms, as `platform:id`. */
export function elsewhere({ identities }: Pick<PersonOnRecord, 'identities'>): string[] {
  return identities.map(({ platform, id }) => `${platform}:${id}`);
}

/** For what erases nothing, or keeps nothing. */
export const NOTHING_KEPT = (): readonly KeptData[] => [];
