/** Tables about who people are, and their ways in. Times are ms since 1970. */
export interface PeopleTables {
  accounts: {
    id: string;
    username: string;
    name: string;
    /** Empty where the account has no password. */
    password_hash: string;
    operator: number;
    disabled_at: number | null;
    created_at: number;
    /** In lower case; mail goes to it only once it is verified. */
    email: string | null;
    email_verified_at: number | null;
    /** The person asked to be forgotten: the row stays without anything of theirs. */
    erased_at: number | null;
  };
  sessions: {
    token_hash: string;
    id: string;
    account_id: string;
    device: string;
    idle_ms: number;
    created_at: number;
    last_seen_at: number;
    expires_at: number;
  };
  /** An account's names elsewhere. `platform`: discord, slack, twitch, or the issuer of a sign-in. `proof`: code or oauth. */
  identities: {
    platform: string;
    platform_id: string;
    account_id: string;
    name: string;
    proof: string;
    linked_at: number;
  };
  /** Personal API tokens. `scopes`: a JSON array. */
  tokens: {
    id: string;
    account_id: string;
    name: string;
    token_hash: string;
    scopes: string;
    created_at: number;
    expires_at: number | null;
    last_used_at: number | null;
  };
  /** The seed itself is a sealed secret. `last_step`: the newest time step that a code was taken for. */
  second_factors: { account_id: string; confirmed_at: number | null; last_step: number; created_at: number };
  recovery_codes: { account_id: string; code_hash: string; used_at: number | null };
  /** Codes that are typed elsewhere, and links that are mailed. `purpose`: link, connect, password, email. */
  one_time_codes: {
    code_hash: string;
    purpose: string;
    account_id: string | null;
    community_id: string | null;
    platform: string | null;
    platform_id: string | null;
    name: string | null;
    expires_at: number;
    /** It was good once; the row stays for a while, so that a second use can be told why not. */
    used_at: number | null;
    created_at: number;
  };
  /** Sign-ins of programs that wait for a person (RFC 8628). `state`: waiting, granted, refused. */
  device_logins: {
    device_hash: string;
    user_code_hash: string;
    client: string;
    scopes: string;
    account_id: string | null;
    state: string;
    /** How long the token is to be good, as the person said. */
    days: number | null;
    polled_at: number | null;
    expires_at: number;
    created_at: number;
  };
  /** What must not be used twice, such as a sign-in's state; forgotten once it has ended anyway. */
  used_once: { id: string; expires_at: number };
}
