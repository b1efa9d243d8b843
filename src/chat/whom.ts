import { AppError, conflict, unknown } from '#core/errors.ts';
import type { Whom } from '#core/moderation.ts';
import type { Role } from '#core/roles.ts';
import { nameOf } from '#core/unable.ts';
import { findIdentity, listIdentities, type IdentityKey } from '#storage/identities.ts';
import { findKnown, membersNamed } from '#storage/order-people.ts';
import type { Storage } from '#storage/storage.ts';

type Db = Storage['db'];

/** A person with all that is known of them. */
export interface Met {
  account: string | null;
  name: string;
  /** Undefined where they are no member. */
  role: Role | undefined;
  /** Their names on platforms. */
  elsewhere: IdentityKey[];
}

/** Who is meant. A name of a platform that is linked here means the whole person. */
export async function meet(db: Db, community: string, whom: Whom): Promise<Met> {
  const account = 'account' in whom ? whom.account : (await findIdentity(db, whom))?.account;
  const known = account === undefined ? undefined : await findKnown(db, community, { account });
  if (known) return { ...known, elsewhere: await namesElsewhere(db, known.account) };
  if ('account' in whom) throw unknown('person');
  const { platform, platformId, name } = whom;
  return { account: null, name, role: undefined, elsewhere: [{ platform, platformId }] };
}

/** An account's names on platforms. What a sign-in's issuer knows it by is among them, and no place of ours is there. */
export async function namesElsewhere(db: Db, account: string): Promise<IdentityKey[]> {
  return (await listIdentities(db, account)).map(({ platform, platformId }) => ({ platform, platformId }));
}

/** The id that the audit and sanctions name somebody by. */
export function subjectOf({ account, elsewhere: [first] }: Met): string {
  return account ?? `${first?.platform}:${first?.platformId}`;
}

interface Asked {
  community: string;
  platform: string;
  typed: string;
}

/** A mention as Discord and Slack write it. */
const MENTION = /^<@!?([\w-]{1,40})(?:\|([^>]{0,80}))?>$/;
/** A person of a platform, by the platform's id as lists and audits write it, or by the name there. */
const THERE = /^(discord|slack|twitch):@?(\S{1,80})$/;
/** A person of the hall, by the username. */
const HERE = /^hall:@?(\S{1,80})$/;
/** What an id looks like there. https://discord.com/developers/docs/reference#snowflakes, https://docs.slack.dev/reference/objects/user-object */
const IDS: Record<string, RegExp> = { discord: /^\d{1,20}$/, slack: /^[UW][A-Z0-9]{2,20}$/, twitch: /^\d{1,20}$/ };

/**
 * Whom somebody means who typed a name or a mention in a chat. A bare name means who is called so where it is typed: on a platform
 * the name there, in the web chat and over HTTP the username. It never means the other. 404 `unknown-person`, 409 `which-person`.
 */
export async function findWhom(db: Db, { community, platform, typed }: Asked): Promise<Whom> {
  const mention = MENTION.exec(typed);
  if (mention) return { platform, platformId: mention[1] ?? '', name: mention[2] ?? mention[1] ?? '' };
  const here = HERE.exec(typed)?.[1];
  if (here !== undefined) return inHall(db, community, here);
  const [, where = platform, there = ''] = THERE.exec(typed) ?? [];
  const name = (there || typed).replace(/^@/, '').replace(/[,:]$/, '');
  if (there !== '' && IDS[where]?.test(there)) return { platform: where, platformId: there, name: there };
  return where in IDS ? onPlatform(db, { community, platform: where, typed: name }) : inHall(db, community, name);
}

async function inHall(db: Db, community: string, name: string): Promise<Whom> {
  const by = name.startsWith('acct_') ? { account: name } : { username: name.toLowerCase() };
  const known = await findKnown(db, community, by);
  if (!known)
    throw nobody(`There is nobody called ${short(name)} here. Write @ and a username, or mention the person.`);
  return { account: known.account };
}

/** A name there is that of a linked member, and of one alone: others have no name that we know, and names there may come twice. */
async function onPlatform(db: Db, { community, platform, typed: name }: Asked): Promise<Whom> {
  const [account, another] = await membersNamed(db, { community, platform, name });
  const where = nameOf(platform);
  const forms = `For ${short(name)} of the hall write hall:${short(name)}, for anybody on ${where} ${platform}: and the id there.`;
  if (another !== undefined) throw twoOf(`More than one member is called ${short(name)} on ${where}. ${forms}`);
  if (account !== undefined) return { account };
  throw nobody(
    `No member is linked to the name ${short(name)} on ${where}. Nothing was done. Mention the person. ${forms}`,
  );
}

function short(name: string): string {
  return name.slice(0, 40);
}

function nobody(detail: string): AppError {
  return new AppError({ status: 404, code: 'unknown-person', detail });
}

function twoOf(detail: string): AppError {
  return conflict('which-person', detail);
}
