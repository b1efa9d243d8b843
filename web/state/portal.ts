import type { Role } from '#contracts/web.ts';
import { texts } from '#web/texts.ts';

/** A page of a community's portal, at `/c/<community>/<name>`. Whoever has not the role does not see it in the side. */
export type Section = { name: string; icon: string; label: string; least: Role };

/** In the order of the side. Their pages stand in `pages/portal-page.svelte`. */
export const SECTIONS: Section[] = [
  { name: 'overview', icon: 'hall', label: texts.overview.title, least: 'member' },
  { name: 'spaces', icon: 'plug', label: texts.portal.spaces, least: 'admin' },
  { name: 'members', icon: 'people', label: texts.portal.members, least: 'member' },
  { name: 'moderation', icon: 'flag', label: texts.moderation.title, least: 'moderator' },
  { name: 'verification', icon: 'shield', label: texts.verification.title, least: 'moderator' },
  { name: 'commands', icon: 'command', label: texts.commands.title, least: 'admin' },
  { name: 'features', icon: 'table', label: texts.features.title, least: 'admin' },
  { name: 'invites', icon: 'mail', label: texts.portal.invites, least: 'moderator' },
  { name: 'secrets', icon: 'key', label: texts.portal.secrets, least: 'admin' },
  { name: 'webhooks', icon: 'link', label: texts.portal.webhooks, least: 'moderator' },
  { name: 'audit', icon: 'record', label: texts.audit.title, least: 'admin' },
  { name: 'settings', icon: 'settings', label: texts.portal.settings, least: 'guest' },
];

/** Where a community's portal opens for somebody of this role: its first section that they see. */
export function firstSection(sees: (least: Role) => boolean): Section | undefined {
  return SECTIONS.find((one) => sees(one.least));
}

export function portalPath(community: string, section?: string): string {
  return section === undefined ? `/c/${community}` : `/c/${community}/${section}`;
}
