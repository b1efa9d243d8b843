import type { Generated } from 'kysely';

/** Tables about order in the house. Times are ms since 1970. */
export interface OrderTables {
  /** What was done to somebody: an account, or a person of a platform. `kind`: mute, ban, or kick, which is over at once. */
  sanctions: {
    id: string;
    community_id: string;
    account_id: string | null;
    platform: string | null;
    platform_id: string | null;
    /** As the person was called then. */
    name: string;
    kind: string;
    reason: string;
    made_by: string | null;
    made_at: number;
    until: number | null;
    lifted_at: number | null;
    lifted_by: string | null;
    /** The sanction that this row carries over to one more identity of the same person. */
    part_of: string | null;
    /** The role that a ban took from them: what they come back as, if no more than a member. */
    was: string | null;
  };
  /**
   * `text`: the message as it was when it was reported. From `platform` on: of what was reported outside the web chat, where
   * room, message, space and person are the platform's own ids, and `said` is 0 where a person was reported and no message.
   */
  reports: {
    id: string;
    community_id: string;
    room_id: string;
    message_id: string;
    author_id: string | null;
    text: string;
    reason: string;
    made_by: string;
    made_at: number;
    settled_at: number | null;
    settled_by: string | null;
    outcome: string | null;
    platform: Generated<string | null>;
    space: Generated<string | null>;
    place: Generated<string | null>;
    person: Generated<string | null>;
    person_name: Generated<string | null>;
    by_called: Generated<string | null>;
    said: Generated<number>;
  };
  /** `act`: delete, hold or mute. */
  word_rules: {
    id: string;
    community_id: string;
    words: string;
    act: string;
    made_by: string | null;
    made_at: number;
  };
  /** Posts that wait for a moderator. `why`: words or lockdown. `state`: waiting, or approved while it is being posted. */
  held_messages: {
    id: string;
    community_id: string;
    room_id: string;
    author_id: string;
    text: string;
    client_id: string | null;
    why: string;
    state: Generated<string>;
    at: number;
  };
  incoming_webhooks: {
    id: string;
    community_id: string;
    room_id: string;
    name: string;
    secret_hash: string;
    made_by: string | null;
    made_at: number;
    last_used_at: number | null;
  };
}
