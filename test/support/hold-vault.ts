import pino from 'pino';
import { ownVault } from '#parts/vault.ts';
import { readConfig } from '#src/config.ts';

/** Starts a vault on the folder that it is given, prints a line when that can be asked, and stays: for tests that kill it. */
const [, , data = ''] = process.argv;
const part = ownVault(readConfig({ GUILDHALL_DATA: data }, '/nowhere'), { logger: pino({ level: 'silent' }) });
await part.vault.status();
console.log('ready');
