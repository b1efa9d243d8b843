/** Tables about order in the house. Times are ms since 1970. */
export interface OrderTables {
  /** What was done to somebody: an account, or a person of a platform who has none. `kind`: mute or ban. */
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
  };
  /** `text`: the message as it was when it was reported. */
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
  /** Posts that wait for a moderator. `why`: words or lockdown. */
  held_messages: {
    id: string;
    community_id: string;
    room_id: string;
    author_id: string;
    text: string;
    client_id: string | null;
    why: string;
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
