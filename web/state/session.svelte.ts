import type { Community, Hall, InviteOffer, Me, Role, SignedIn } from '#contracts/web.ts';
import { call, Refusal } from './api.ts';
import { forgetKept, keep, kept } from './keep.ts';

const ORDER: Role[] = ['guest', 'member', 'moderator', 'admin', 'owner'];

export type NewAccount = { username: string; password: string; name?: string; invite?: string };

/** Who is here, and what the hall tells strangers about itself. */
class Session {
  hall = $state<Hall | null>(null);
  me = $state<Me | null>(null);
  /** The first look has been taken; until then neither page is right. */
  known = $state(false);
  /** The hall did not answer the first look. */
  silent = $state(false);
  /** The last session ended by my own wish. */
  left = false;
  #entered = $state(kept('community'));
  /** The community that is looked at: the one entered last, else the first of mine. */
  readonly community: Community | null = $derived(
    this.me?.communities.find(({ id }) => id === this.#entered) ?? this.me?.communities[0] ?? null,
  );

  /** Whether I may make a community: the operator always, others where the hall lets anyone. */
  readonly mayMakeCommunities: boolean = $derived(this.me?.operator === true || this.hall?.communities === 'anyone');

  /** Takes the first look: the hall’s name, and whether there is a session. */
  async start(): Promise<void> {
    this.silent = false;
    const [hall, me] = await Promise.allSettled([call<Hall>('/v1/hall'), call<Me>('/v1/me')]);
    if (hall.status === 'fulfilled') this.hall = hall.value;
    if (me.status === 'fulfilled') this.me = me.value;
    this.silent = hall.status === 'rejected' || (me.status === 'rejected' && !isStranger(me.reason));
    this.known = true;
  }

  /** My communities and roles as they are now: somebody may have changed them. */
  async refresh(): Promise<void> {
    const me = await call<Me>('/v1/me');
    if (this.me) this.me = me;
  }

  /** Looks at another community of mine; one that is not mine changes nothing. */
  enter(id: string): void {
    if (id === this.#entered || !this.me?.communities.some((one) => one.id === id)) return;
    this.#entered = id;
    keep('community', id);
  }

  /** Whether I am at least `role` in a community (the one that is looked at where none is named). */
  isAtLeast(role: Role, community = this.community?.id): boolean {
    const mine = this.me?.communities.find((one) => one.id === community)?.role;
    return mine !== undefined && ORDER.indexOf(mine) >= ORDER.indexOf(role);
  }

  async signIn(who: { username: string; password: string; code?: string; shared?: boolean }): Promise<void> {
    await this.#open('/v1/sessions', who);
  }

  /** The second step of a sign-in by another service, in the browser that came back from it. */
  async secondStep(code: string): Promise<void> {
    await this.#open('/v1/sessions/second-step', { code });
  }

  async #open(path: string, body: unknown): Promise<void> {
    await call<SignedIn>(path, { method: 'POST', body });
    this.left = false;
    this.me = await call<Me>('/v1/me');
  }

  /** Makes the account and signs in with it. */
  async signUp(account: NewAccount): Promise<void> {
    await call('/v1/accounts', { method: 'POST', body: account });
    await this.signIn({ username: account.username, password: account.password });
  }

  async signOut(): Promise<void> {
    await call('/v1/sessions/current', { method: 'DELETE' });
    this.left = true;
    this.forget();
  }

  /** The session is over, whoever ended it. */
  forget(): void {
    forgetKept();
    this.#entered = '';
    this.me = null;
  }

  async rename(name: string): Promise<void> {
    this.me = await call<Me>('/v1/me', { method: 'PATCH', body: { name } });
  }

  /** The owner’s first act: what the community is called. */
  async nameCommunity(name: string): Promise<void> {
    if (!this.community) return;
    const named = await call<Community>(`/v1/communities/${this.community.id}`, { method: 'PATCH', body: { name } });
    if (!this.me) return;
    const [first] = this.me.communities;
    const communities = this.me.communities.map((one) => (one.id === named.id ? named : one));
    this.me = { ...this.me, communities };
    if (this.hall && first?.id === named.id) this.hall = { ...this.hall, name: named.name };
  }

  /** Joins a community by an invite, and looks at it. */
  async accept(code: string): Promise<void> {
    const path = `/v1/invites/${encodeURIComponent(code)}/accept`;
    const { community } = await call<{ community: Community }>(path, { method: 'POST' });
    this.me = await call<Me>('/v1/me');
    this.enter(community.id);
  }

  async offer(code: string): Promise<InviteOffer> {
    return (await call<{ invite: InviteOffer }>(`/v1/invites/${encodeURIComponent(code)}`)).invite;
  }
}

function isStranger(reason: unknown): boolean {
  return reason instanceof Refusal && reason.status === 401;
}

export const session = new Session();
