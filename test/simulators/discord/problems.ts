import type { Json } from './world.ts';

/**
 * An answer that refuses, in Discord's own shape `{ message, code, errors? }`. The codes and sentences:
 * https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
 */
export class Problem extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: Json | undefined;

  constructor(status: number, code: number, message: string, errors?: Json) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  get body(): Json {
    return { message: this.message, code: this.code, ...(this.errors ? { errors: this.errors } : {}) };
  }
}

export const problems = {
  unauthorized: () => new Problem(401, 0, '401: Unauthorized'),
  unknownRoute: () => new Problem(404, 0, '404: Not Found'),
  wrongMethod: () => new Problem(405, 0, '405: Method Not Allowed'),
  unknownChannel: () => new Problem(404, 10_003, 'Unknown Channel'),
  unknownGuild: () => new Problem(404, 10_004, 'Unknown Guild'),
  unknownMember: () => new Problem(404, 10_007, 'Unknown Member'),
  unknownMessage: () => new Problem(404, 10_008, 'Unknown Message'),
  unknownRole: () => new Problem(404, 10_011, 'Unknown Role'),
  unknownUser: () => new Problem(404, 10_013, 'Unknown User'),
  unknownWebhook: () => new Problem(404, 10_015, 'Unknown Webhook'),
  unknownBan: () => new Problem(404, 10_026, 'Unknown Ban'),
  unknownInteraction: () => new Problem(404, 10_062, 'Unknown interaction'),
  unknownCommand: () => new Problem(404, 10_063, 'Unknown application command'),
  notYourApplication: () =>
    new Problem(403, 20_012, 'You are not authorized to perform this action on this application'),
  tooManyCommands: () => new Problem(400, 30_032, 'Maximum number of application commands reached (100)'),
  tooLarge: () => new Problem(413, 40_005, 'Request entity too large'),
  alreadyAnswered: () => new Problem(400, 40_060, 'Interaction has already been acknowledged.'),
  missingAccess: () => new Problem(403, 50_001, 'Missing Access'),
  notInDirect: () => new Problem(403, 50_003, 'Cannot execute action on a DM channel'),
  notYourMessage: () => new Problem(403, 50_005, 'Cannot edit a message authored by another user'),
  empty: () => new Problem(400, 50_006, 'Cannot send an empty message'),
  closedDirect: () => new Problem(403, 50_007, 'Cannot send messages to this user'),
  missingPermission: () => new Problem(403, 50_013, 'Missing Permissions'),
  badToken: () => new Problem(401, 50_027, 'Invalid Webhook Token'),
  badRecipient: () => new Problem(400, 50_033, 'Invalid Recipient(s)'),
  tooOldForBulk: () => new Problem(400, 50_034, 'You can only bulk delete messages that are under 14 days old.'),
  badVersion: () => new Problem(400, 50_041, 'Invalid API version provided'),
  badJson: () => new Problem(400, 50_109, 'The request body contains invalid JSON.'),
  noHistory: () => new Problem(400, 160_002, 'Cannot reply without permission to read message history'),
};

/** One wrong place in a body: the path to it, Discord's name of what is wrong, and its sentence. */
export interface Wrong {
  path: (string | number)[];
  code: string;
  message: string;
}

/** Throws 50035 with every wrong place nested as Discord nests them; does nothing where there is none. */
export function refuseForm(wrongs: Wrong[]): void {
  if (wrongs.length === 0) return;
  const errors: Json = {};
  for (const { path, code, message } of wrongs) {
    const place = path.reduce<Json>((inside, key) => (inside[key] ??= {}) as Json, errors);
    place._errors = [...((place._errors as unknown[]) ?? []), { code, message }];
  }
  throw new Problem(400, 50_035, 'Invalid Form Body', errors);
}

type Path = (string | number)[];

export const wrong = {
  required: (...path: Path): Wrong => ({ path, code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }),
  type: (kind: 'STRING' | 'INTEGER' | 'BOOLEAN' | 'LIST' | 'DICT' | 'SNOWFLAKE', ...path: Path): Wrong => ({
    path,
    code: kind === 'LIST' || kind === 'DICT' || kind === 'BOOLEAN' ? `${kind}_TYPE_CONVERT` : TYPE_CODES[kind],
    message: `Could not interpret the value as ${kind.toLowerCase()}.`,
  }),
  longerThan: (most: number, ...path: Path): Wrong => ({
    path,
    code: 'BASE_TYPE_MAX_LENGTH',
    message: `Must be ${most} or fewer in length.`,
  }),
  length: (least: number, most: number, ...path: Path): Wrong => ({
    path,
    code: 'BASE_TYPE_BAD_LENGTH',
    message: `Must be between ${least} and ${most} in length.`,
  }),
  choice: (from: string, ...path: Path): Wrong => ({
    path,
    code: 'BASE_TYPE_CHOICES',
    message: `Value must be one of ${from}.`,
  }),
  because: (code: string, message: string, ...path: Path): Wrong => ({ path, code, message }),
};

const TYPE_CODES = {
  STRING: 'STRING_TYPE_CONVERT',
  INTEGER: 'NUMBER_TYPE_COERCE',
  SNOWFLAKE: 'NUMBER_TYPE_COERCE',
} as const;
