import { AppError, unknown } from '#core/errors.ts';
import type { Whom } from '#core/moderation.ts';
import type { Role } from '#core/roles.ts';
import { findIdentity, listIdentities, type IdentityKey } from '#storage/identities.ts';
import { findKnown, memberNamed, type KnownPerson } from '#storage/order-people.ts';
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
/** A person of a platform by the platform's id, as lists and audits write it. */
const BY_ID = /^(discord|slack|twitch):([\w-]{1,40})$/;

/** Whom somebody means who typed a name or a mention in a chat. */
export async function findWhom(db: Db, { community, platform, typed }: Asked): Promise<Whom> {
  const mention = MENTION.exec(typed);
  if (mention) return { platform, platformId: mention[1] ?? '', name: mention[2] ?? mention[1] ?? '' };
  const byId = BY_ID.exec(typed);
  if (byId) return { platform: byId[1] ?? '', platformId: byId[2] ?? '', name: byId[2] ?? '' };
  const name = typed.replace(/^@/, '').replace(/[,:]$/, '');
  const linked = await memberNamed(db, { community, platform, name });
  const known: KnownPerson | undefined = linked
    ? undefined
    : await findKnown(db, community, name.startsWith('acct_') ? { account: name } : { username: name.toLowerCase() });
  const account = linked ?? known?.account;
  if (account === undefined) throw nobody(name);
  return { account };
}

function nobody(name: string): AppError {
  const detail = `There is nobody called ${name.slice(0, 40)} here. Write @ and a username, or mention the person.`;
  return new AppError({ status: 404, code: 'unknown-person', detail });
}
