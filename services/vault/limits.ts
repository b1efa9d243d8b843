/** Every number that bounds something of the vault's keys and its audit: a name, a value, its unit and its reason. */
export const VAULT_LIMITS = {
  /** Bytes of the key file: it has `keys` of them at 300 bytes each, with room. */
  keyFile: 1024 * 1024,
  /** Keys that are kept, as none is ever thrown away: a rotation a week for 19 years. */
  keys: 1_000,
  /** ms that a change of the key file waits for another process that changes it: a change takes a few milliseconds. */
  keyFileWait: 5_000,
  /** Bytes of an exported file that are read: the key file in base64 and its seal. */
  keyBackup: 2 * 1024 * 1024,
  /** Characters of the passphrase of an exported file, the same as of a password. */
  passphrase: 12,
  /**
   * The work of scrypt that a passphrase costs, here and to who guesses: N as OWASP has it, with r 8 and p 1; 128 MiB and some 0.4 s.
   * https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
   */
  scrypt: { N: 2 ** 17, r: 8, p: 1 },
  /** Bytes that scrypt may take: it needs 128 × N × r = 128 MiB and a little more. */
  scryptMemory: 160 * 1024 * 1024,
  /** Bytes of the audit before it is put aside: about 50,000 lines. One that was put aside is kept. */
  audit: 10 * 1024 * 1024,
  /** Characters of any word in a line of the audit, as owners and purposes come from outside: the longest owner fits. */
  auditWord: 200,
} as const;
