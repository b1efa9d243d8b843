import type { Invite } from '#contracts/web.ts';

/** Somebody can still come in by it. */
export function isOpenInvite(invite: Invite, now = Date.now()): boolean {
  return invite.used < invite.uses && (invite.expiresAt === null || Date.parse(invite.expiresAt) > now);
}

/** The last letters of a code: enough to tell links apart, not enough to come in. */
export function endOf(invite: Invite): string {
  return `…${(invite.code || invite.id).slice(-5)}`;
}
