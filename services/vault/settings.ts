import { z } from 'zod';

/**
 * What the process that starts the vault writes to it, as one line of JSON: nothing of it stands in arguments or in the
 * environment, where other processes of the machine could read it.
 */
export const VaultSettings = z.strictObject({
  /** The folder of the keys, absolute. */
  folder: z.string().min(1),
  /** A path for a unix socket, or the name of a pipe. */
  socket: z.string().min(1),
  /** Where other machines reach it, with the paths of PEM files. */
  listen: z
    .strictObject({ host: z.string(), port: z.number(), cert: z.string(), key: z.string(), ca: z.string() })
    .optional(),
  providers: z.strictObject({
    tornUrl: z.string(),
    twitchAuthUrl: z.string(),
    twitchClientId: z.string().optional(),
    twitchClientSecret: z.string().optional(),
  }),
});

export type VaultSettings = z.infer<typeof VaultSettings>;

/** The one line that the vault prints, when it can be asked. */
export const VaultReady = z.object({
  state: z.enum(['ready', 'no-key']),
  why: z.string().optional(),
  /** The keys were made by this start. */
  made: z.boolean(),
  /** The port of `listen`, where there is one. */
  port: z.number().optional(),
});

export type VaultReady = z.infer<typeof VaultReady>;
