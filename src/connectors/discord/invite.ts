import type { PlatformAction } from '#core/platform.ts';
import { PERMISSION } from './discord.external.ts';

/** The permissions that the bot asks for: what it needs to answer, and what the features need to act. */
export function invitePermissions(needed: Iterable<PlatformAction>): bigint {
  let bits = OWN;
  for (const action of needed) bits |= FOR[action];
  return bits;
}

/** The link that puts the bot into a guild. Nothing else is asked for. https://discord.com/developers/docs/topics/oauth2#bot-authorization-flow */
export function inviteLink(app: string, needed: Iterable<PlatformAction>): string {
  const asked = new URLSearchParams({
    client_id: app,
    scope: 'bot applications.commands',
    permissions: String(invitePermissions(needed)),
  });
  return `https://discord.com/oauth2/authorize?${asked.toString()}`;
}

/** Seeing a channel, writing in it and in its threads, files, and answering a line, which means reading it. */
const OWN =
  PERMISSION.VIEW_CHANNEL |
  PERMISSION.SEND_MESSAGES |
  PERMISSION.SEND_MESSAGES_IN_THREADS |
  PERMISSION.ATTACH_FILES |
  PERMISSION.READ_MESSAGE_HISTORY;

const FOR: Record<PlatformAction, bigint> = {
  deleteMessage: PERMISSION.MANAGE_MESSAGES,
  grantRole: PERMISSION.MANAGE_ROLES,
  removeRole: PERMISSION.MANAGE_ROLES,
  setNickname: PERMISSION.MANAGE_NICKNAMES,
  timeOut: PERMISSION.MODERATE_MEMBERS,
  kick: PERMISSION.KICK_MEMBERS,
  ban: PERMISSION.BAN_MEMBERS,
  unban: PERMISSION.BAN_MEMBERS,
  slowMode: PERMISSION.MANAGE_CHANNELS,
  wordList: PERMISSION.MANAGE_GUILD,
};
