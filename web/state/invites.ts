import type { Invite } from '#contracts/web.ts';

/** Somebody can still come in by it. */
export function isOpenInvite(invite: Invite, now = Date.now()): boolean {
  return invite.used < invite.uses && (invite.expiresAt === null || Date.parse(invite.expiresAt) > now);
}

/** The code in what somebody pasted: itself, or at the end of its link. */
export function codeIn(pasted: string): string | null {
  const code = /(?:^|\/join\/)([0-9a-z]{5}-[0-9a-z]{5})\/?$/i.exec(pasted.trim())?.[1];
  return code?.toUpperCase() ?? null;
}

/** The last letters of a code: enough to tell links apart, not enough to come in. */
export function endOf(invite: Invite): string {
  return `…${(invite.code || invite.id).slice(-5)}`;
}
