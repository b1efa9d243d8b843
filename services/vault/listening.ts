/** What bounds the vault's servers: a name, a value, its unit and its reason. */
export const LISTENING = {
  /** Connections in all: each process of a large site holds some twenty. */
  connections: 1_000,
  /** Requests that are worked on or wait: more than all providers' limits let through within a request's time. */
  inHand: 2_000,
  /** Headers of a request, and their bytes: ours have six. */
  headers: 32,
  headerBytes: 8 * 1024,
  /** ms until the headers are there, and the whole request: our own come in one piece, a reseal has 1.3 MB. */
  headersMs: 3_000,
  requestMs: 8_000,
  /** ms between two looks at those who are slow. */
  lookEveryMs: 1_000,
  /** Connections that have shown no certificate yet; of more the oldest is cut. One of ours takes some milliseconds. */
  handshakes: 200,
  /** ms for a handshake. */
  handshakeMs: 5_000,
  /** ms that a connection may be idle. */
  idleMs: 60_000,
  /** ms that a caller may take to read its answer of 1 MiB at most. */
  readMs: 5_000,
  /** Bytes of a body: names and one secret, sealed; the same with a request for a provider; a hundred secrets. */
  secretBytes: 16 * 1024,
  callBytes: 128 * 1024,
  resealBytes: 100 * 16 * 1024,
  /** Lines of the audit in a minute for all strangers, and for each certificate that is refused: a flood needs more than a day to fill it. */
  refusedLines: 30,
  /** ms that requests under way are waited for at the end. */
  drainMs: 10_000,
} as const;
