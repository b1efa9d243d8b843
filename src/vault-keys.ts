/** What the command line does with the vault's key file: on the vault's own machine, by whoever may read that file. */
export { exportKeys, importKeys } from '#vault/key-backup.ts';
