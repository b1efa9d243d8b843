import { cannot, type PlatformActions } from '#core/platform.ts';
import { AppError } from '#core/errors.ts';
import type { CallFailed } from './slack.external.ts';
import { TEXTS } from './texts.ts';
import type { WebApi } from './web-api.ts';

/** Slack gives bots no rights over people and their messages; each refusal says what to do instead. */
export function slackActions(api: WebApi): PlatformActions {
  const texts = TEXTS.actions;
  return {
    async deleteMessage({ room, message }) {
      if (room === undefined || message === undefined) throw cannot('slack', 'deleteMessage', texts.noMessage);
      await api.call('chat.delete', { channel: room, ts: message }).catch((error: CallFailed) => {
        throw notDeleted(error);
      });
    },
    grantRole: async () => Promise.reject(cannot('slack', 'grantRole', texts.roles)),
    removeRole: async () => Promise.reject(cannot('slack', 'removeRole', texts.roles)),
    setNickname: async () => Promise.reject(cannot('slack', 'setNickname', texts.nickname)),
    timeOut: async () => Promise.reject(cannot('slack', 'timeOut', texts.timeOut)),
    kick: async () => Promise.reject(cannot('slack', 'kick', texts.timeOut)),
    ban: async () => Promise.reject(cannot('slack', 'ban', texts.timeOut)),
    unban: async () => Promise.reject(cannot('slack', 'unban', texts.timeOut)),
    slowMode: async () => Promise.reject(cannot('slack', 'slowMode', texts.timeOut)),
  };
}

function notDeleted({ trouble, code, retryAfter }: CallFailed): AppError {
  if (code === 'cant_delete_message') return cannot('slack', 'deleteMessage', TEXTS.actions.othersMessages);
  if (trouble === 'refused') return cannot('slack', 'deleteMessage', TEXTS.actions.notDeleted(code));
  return new AppError({
    status: 503,
    code: 'platform-not-ready',
    detail: `slack: ${TEXTS.actions.notDeleted(code)}`,
    fault: 'platform',
    retryAfter: Math.max(1, Math.ceil(retryAfter / 1_000)),
  });
}
