import { badRequest } from '#core/errors.ts';
import { cannot, type ActionTarget, type PlatformAction, type PlatformActions } from '#core/platform.ts';
import { UNABLE } from '#core/unable.ts';
import { callHelix, type HelixOptions } from './helix.ts';
import { TEXTS } from './texts.ts';
import { ACTION_SCOPES, ALREADY, LONGEST_REASON, LONGEST_TIMEOUT, SLOW_SECONDS } from './twitch.external.ts';

/** What a moderator may do by the API. `space` is the channel's user id, `message` the id of a line, `person` a user id. */
export function twitchActions(options: HelixOptions): PlatformActions {
  const unable = (action: PlatformAction, detail: string) => () => Promise.reject(cannot('Twitch', action, detail));
  return {
    deleteMessage: (target) => deleteMessage(options, target),
    timeOut: (target, seconds, reason) => timeOut(options, { target, seconds, reason }),
    grantRole: unable('grantRole', TEXTS.rolesAreTheirs),
    removeRole: unable('removeRole', TEXTS.rolesAreTheirs),
    setNickname: unable('setNickname', TEXTS.ownNames),
    kick: unable('kick', UNABLE.twitch.kick),
    ban: (target, reason) => keepOut(options, { action: 'ban', target, reason }),
    unban: (target) => letIn(options, { action: 'unban', target }),
    slowMode: (target, seconds) => slowMode(options, target, seconds),
  };
}

/** https://dev.twitch.tv/docs/api/reference/#delete-chat-messages; without a message's id it would empty the chat. */
async function deleteMessage(options: HelixOptions, { space, message }: ActionTarget): Promise<void> {
  if (!message) throw cannot('Twitch', 'deleteMessage', TEXTS.noMessage);
  await callHelix(options, {
    action: 'deleteMessage',
    method: 'DELETE',
    path: '/moderation/chat',
    query: { broadcaster_id: space, message_id: message },
    scope: ACTION_SCOPES.deleteMessage,
    isDone: (status) => status === 404,
  });
}

async function timeOut(
  options: HelixOptions,
  { target, seconds, reason }: { target: ActionTarget; seconds: number; reason: string },
): Promise<void> {
  if (seconds > LONGEST_TIMEOUT) throw cannot('Twitch', 'timeOut', TEXTS.tooLong);
  if (seconds <= 0) return letIn(options, { action: 'timeOut', target });
  return keepOut(options, { action: 'timeOut', target, reason, duration: Math.ceil(seconds) });
}

interface Held {
  action: 'timeOut' | 'ban' | 'unban';
  target: ActionTarget;
  reason?: string;
  /** Without it there is no end. */
  duration?: number;
}

/** https://dev.twitch.tv/docs/api/reference/#ban-user */
async function keepOut(options: HelixOptions, { action, target, reason = '', duration }: Held): Promise<void> {
  const words = reason.slice(0, LONGEST_REASON).toWellFormed();
  const data = { user_id: personOf(action, target), ...(duration && { duration }), ...(words && { reason: words }) };
  await callHelix(options, {
    action,
    method: 'POST',
    path: '/moderation/bans',
    query: { broadcaster_id: target.space },
    body: { data },
    scope: ACTION_SCOPES[action],
    isDone: (_status, message) => ALREADY.banned.test(message),
  });
}

/** https://dev.twitch.tv/docs/api/reference/#unban-user; it ends time-outs as well. */
async function letIn(options: HelixOptions, { action, target }: Held): Promise<void> {
  await callHelix(options, {
    action,
    method: 'DELETE',
    path: '/moderation/bans',
    query: { broadcaster_id: target.space, user_id: personOf(action, target) },
    scope: ACTION_SCOPES[action],
    isDone: (_status, message) => ALREADY.pardoned.test(message),
  });
}

function personOf(action: Held['action'], { person }: ActionTarget): string {
  if (!person) throw cannot('Twitch', action, TEXTS.noPerson);
  return person;
}

/** https://dev.twitch.tv/docs/api/reference/#update-chat-settings. Fewer seconds than Twitch knows become its fewest. */
async function slowMode(options: HelixOptions, { space }: ActionTarget, seconds: number): Promise<void> {
  const { least, most } = SLOW_SECONDS;
  if (seconds > most) throw badRequest('slow-mode-too-long', TEXTS.tooSlow(most));
  const on = { slow_mode: true, slow_mode_wait_time: Math.max(least, Math.ceil(seconds)) };
  await callHelix(options, {
    action: 'slowMode',
    method: 'PATCH',
    path: '/chat/settings',
    query: { broadcaster_id: space },
    body: seconds > 0 ? on : { slow_mode: false },
    scope: ACTION_SCOPES.slowMode,
  });
}
