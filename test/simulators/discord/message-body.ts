import { wrongMentions } from './mentions.ts';
import { type Platform, violate } from './platform.ts';
import { problems, refuseForm, type Wrong, wrong } from './problems.ts';
import { texts } from './texts.ts';
import type { Json } from './world.ts';

/** A file that came with a call. */
export interface Upload {
  /** The number in `files[n]`. */
  field: string;
  name: string;
  type: string;
  bytes: Buffer;
}

/** A message as a call asks for it, checked. What was not given is undefined: for an edit that means unchanged. */
export interface MessageBody {
  content: string | undefined;
  embeds: Json[] | undefined;
  components: Json[] | undefined;
  flags: number;
  tts: boolean;
  nonce: string | number | undefined;
  enforceNonce: boolean;
  allowedMentions: unknown;
  reference: Json | undefined;
  /** Descriptions of new files, and the ids of those that stay, on an edit. */
  attachments: Json[] | undefined;
  uploads: Upload[];
}

/** https://discord.com/developers/docs/resources/message#create-message-limitations */
const MOST = { content: 2_000, nonce: 25, files: 10, components: 5 };

/**
 * Reads the body of a message and refuses what Discord refuses: 50035 with each wrong place, 40005 for a file too large.
 * Lengths are counted in UTF-16 units, which is the stricter of the two ways. Unknown fields are recorded.
 */
export function readMessage(
  platform: Platform,
  path: string,
  given: { body: unknown; uploads: Upload[] },
): MessageBody {
  const { body, uploads } = given;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw problems.badJson();
  const fields: Json = { ...body };
  for (const name of Object.keys(fields).filter((one) => !KNOWN.has(one)))
    violate(platform, texts.unknownField(name, path));
  for (const name of NOT_SPOKEN.filter((one) => one in fields)) violate(platform, texts.notSpoken(name));
  refuseForm(wrongsOf(fields, uploads));
  if (uploads.some((one) => one.bytes.length > platform.settings.largestFile)) throw problems.tooLarge();
  return {
    content: fields.content === undefined ? undefined : String(fields.content ?? '').trim(),
    embeds: listOf(fields.embeds),
    components: listOf(fields.components),
    flags: Number(fields.flags ?? 0),
    tts: fields.tts === true,
    nonce: nonceOf(fields.nonce),
    enforceNonce: fields.enforce_nonce === true,
    allowedMentions: fields.allowed_mentions,
    reference: fields.message_reference ? { ...(fields.message_reference as object) } : undefined,
    attachments: listOf(fields.attachments),
    uploads,
  };
}

/** What Discord would take and this stand-in passes over. */
const NOT_SPOKEN = ['sticker_ids', 'poll', 'username', 'avatar_url', 'thread_name', 'applied_tags'];

const KNOWN = new Set([
  'content',
  'embeds',
  'components',
  'flags',
  'tts',
  'nonce',
  'enforce_nonce',
  'allowed_mentions',
  'message_reference',
  'attachments',
  ...NOT_SPOKEN,
]);

const listOf = (given: unknown): Json[] | undefined => (given === undefined ? undefined : ((given ?? []) as Json[]));

const nonceOf = (given: unknown): string | number | undefined =>
  typeof given === 'string' || typeof given === 'number' ? given : undefined;

function wrongsOf(fields: Json, uploads: Upload[]): Wrong[] {
  return [
    ...wrongText(fields.content, MOST.content, 'content'),
    ...wrongNonce(fields.nonce),
    ...wrongList(fields.embeds, MOST_EMBEDS, 'embeds'),
    ...wrongList(fields.components, MOST.components, 'components'),
    ...wrongList(fields.attachments, MOST.files, 'attachments'),
    ...wrongMentions(fields.allowed_mentions),
    ...(fields.flags !== undefined && fields.flags !== null && !Number.isInteger(fields.flags)
      ? [wrong.type('INTEGER', 'flags')]
      : []),
    ...(Number(fields.flags) & NEW_COMPONENTS && (fields.content || (fields.embeds as unknown[] | undefined)?.length)
      ? [LEGACY]
      : []),
    ...(uploads.length > MOST.files ? [wrong.longerThan(MOST.files, 'files')] : []),
    ...(Array.isArray(fields.embeds) ? wrongEmbeds(fields.embeds) : []),
  ];
}

/** A message of the newer components has nothing beside them. */
const NEW_COMPONENTS = 32_768;
const LEGACY = wrong.because(
  'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
  'content and embeds cannot be used with IS_COMPONENTS_V2',
  'flags',
);

function wrongText(value: unknown, most: number, ...path: (string | number)[]): Wrong[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'string') return [wrong.type('STRING', ...path)];
  return value.length > most ? [wrong.longerThan(most, ...path)] : [];
}

function wrongNonce(nonce: unknown): Wrong[] {
  if (nonce === undefined || nonce === null || Number.isSafeInteger(nonce)) return [];
  return wrongText(nonce, MOST.nonce, 'nonce');
}

function wrongList(value: unknown, most: number, name: string): Wrong[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [wrong.type('LIST', name)];
  return value.length > most ? [wrong.longerThan(most, name)] : [];
}

/** https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const MOST_EMBEDS = 10;
const MOST_IN_EMBED = {
  title: 256,
  description: 4_096,
  fields: 25,
  name: 256,
  value: 1_024,
  footer: 2_048,
  author: 256,
};
const MOST_IN_ALL_EMBEDS = 6_000;

function wrongEmbeds(embeds: unknown[]): Wrong[] {
  const lengths = embeds.map((one) => lettersOf(objectOf(one)));
  const sum = lengths.reduce((total, length) => total + length, 0);
  const whole = `Embed size exceeds maximum size of ${MOST_IN_ALL_EMBEDS}`;
  return [
    ...embeds.flatMap((one, index) => wrongEmbed(objectOf(one), index)),
    ...(sum > MOST_IN_ALL_EMBEDS ? [wrong.because('MAX_EMBED_SIZE_EXCEEDED', whole, 'embeds')] : []),
  ];
}

function wrongEmbed(embed: Json, index: number): Wrong[] {
  const at = ['embeds', index] as const;
  const fields = Array.isArray(embed.fields) ? embed.fields.map(objectOf) : [];
  return [
    ...wrongText(embed.title, MOST_IN_EMBED.title, ...at, 'title'),
    ...wrongText(embed.description, MOST_IN_EMBED.description, ...at, 'description'),
    ...wrongText(objectOf(embed.footer).text, MOST_IN_EMBED.footer, ...at, 'footer', 'text'),
    ...wrongText(objectOf(embed.author).name, MOST_IN_EMBED.author, ...at, 'author', 'name'),
    ...(fields.length > MOST_IN_EMBED.fields ? [wrong.longerThan(MOST_IN_EMBED.fields, ...at, 'fields')] : []),
    ...fields.flatMap((field, n) => wrongField(field, [...at, 'fields', n])),
    ...['url', 'image', 'thumbnail'].flatMap((name) => wrongUrl(embed[name], [...at, name])),
  ];
}

function wrongField(field: Json, path: (string | number)[]): Wrong[] {
  return (['name', 'value'] as const).flatMap((part) => {
    if (field[part] === undefined || field[part] === '') return [wrong.required(...path, part)];
    return wrongText(field[part], MOST_IN_EMBED[part], ...path, part);
  });
}

function wrongUrl(given: unknown, path: (string | number)[]): Wrong[] {
  const url = typeof given === 'object' ? objectOf(given).url : given;
  if (typeof url !== 'string' || /^(https?|attachment):\/\//.test(url)) return [];
  const message = `Scheme must be one of ('http', 'https', 'attachment').`;
  return [wrong.because('URL_TYPE_INVALID_SCHEME', message, ...path)];
}

const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? { ...value } : {});

function lettersOf(embed: Json): number {
  const fields = Array.isArray(embed.fields) ? embed.fields.map(objectOf) : [];
  const parts = [embed.title, embed.description, objectOf(embed.footer).text, objectOf(embed.author).name];
  return [...parts, ...fields.flatMap(({ name, value }) => [name, value])].reduce(
    (sum: number, part) => sum + (typeof part === 'string' ? part.length : 0),
    0,
  );
}

/** What a reader reads of an embed, line by line. */
export function textOfEmbed(embed: Json): string {
  const fields = Array.isArray(embed.fields) ? embed.fields.map(objectOf) : [];
  const lines = [
    objectOf(embed.author).name,
    embed.title,
    embed.description,
    ...fields.map(({ name, value }) => `${String(name)}: ${String(value)}`),
    objectOf(embed.footer).text,
  ];
  return lines.filter((line) => typeof line === 'string' && line !== '').join('\n');
}
