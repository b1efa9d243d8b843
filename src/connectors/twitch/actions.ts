import { cannot, type ActionTarget, type PlatformAction, type PlatformActions } from '#core/platform.ts';
import { callHelix, type HelixOptions } from './helix.ts';
import { TEXTS } from './texts.ts';
import { ACTION_SCOPES, LONGEST_TIMEOUT } from './twitch.external.ts';

/** What a moderator may do by the API. `space` is the channel's user id, `message` the id of a line, `person` a user id. */
export function twitchActions(options: HelixOptions): PlatformActions {
  const unable = (action: PlatformAction, detail: string) => () => Promise.reject(cannot('Twitch', action, detail));
  return {
    deleteMessage: (target) => deleteMessage(options, target),
    timeOut: (target, seconds, reason) => timeOut(options, { target, seconds, reason }),
    grantRole: unable('grantRole', TEXTS.rolesAreTheirs),
    removeRole: unable('removeRole', TEXTS.rolesAreTheirs),
    setNickname: unable('setNickname', TEXTS.ownNames),
    kick: unable('kick', TEXTS.notYet),
    ban: unable('ban', TEXTS.notYet),
    unban: unable('unban', TEXTS.notYet),
    slowMode: unable('slowMode', TEXTS.notYet),
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
  });
}

/** https://dev.twitch.tv/docs/api/reference/#ban-user, #unban-user */
async function timeOut(
  options: HelixOptions,
  { target, seconds, reason }: { target: ActionTarget; seconds: number; reason: string },
): Promise<void> {
  const { space, person } = target;
  if (!person) throw cannot('Twitch', 'timeOut', TEXTS.noPerson);
  if (seconds > LONGEST_TIMEOUT) throw cannot('Twitch', 'timeOut', TEXTS.tooLong);
  const call = { action: 'timeOut', path: '/moderation/bans', scope: ACTION_SCOPES.timeOut } as const;
  const ends = { ...call, method: 'DELETE', query: { broadcaster_id: space, user_id: person } } as const;
  if (seconds <= 0) return callHelix(options, ends);
  const data = { user_id: person, duration: Math.ceil(seconds), reason: reason.slice(0, LONGEST_REASON) };
  await callHelix(options, { ...call, method: 'POST', query: { broadcaster_id: space }, body: { data } });
}

/** Characters, as Twitch takes them. */
const LONGEST_REASON = 500;
