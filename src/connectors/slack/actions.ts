import { cannot, type PlatformActions } from '#core/platform.ts';
import { AppError } from '#core/errors.ts';
import { UNABLE } from '#core/unable.ts';
import type { CallFailed } from './slack.external.ts';
import { TEXTS } from './texts.ts';
import type { WebApi } from './web-api.ts';

/** Slack gives bots no rights over people and their messages; each refusal says what to do instead. `api`: undefined where no bot is. */
export function slackActions(api: WebApi | undefined): PlatformActions {
  const texts = TEXTS.actions;
  return {
    async deleteMessage({ room, message }) {
      if (room === undefined || message === undefined) throw cannot('slack', 'deleteMessage', texts.noMessage);
      if (!api) throw cannot('slack', 'deleteMessage', texts.nobodyThere);
      await api.call('chat.delete', { channel: room, ts: message }).catch((error: CallFailed) => {
        const refusal = notDeleted(error);
        if (refusal) throw refusal;
      });
    },
    grantRole: async () => Promise.reject(cannot('slack', 'grantRole', texts.roles)),
    removeRole: async () => Promise.reject(cannot('slack', 'removeRole', texts.roles)),
    setNickname: async () => Promise.reject(cannot('slack', 'setNickname', texts.nickname)),
    // What was never begun has ended.
    timeOut: async (_target, seconds) => (seconds > 0 ? Promise.reject(unable('timeOut')) : undefined),
    kick: async () => Promise.reject(unable('kick')),
    ban: async () => Promise.reject(unable('ban')),
    unban: async () => Promise.reject(unable('unban')),
    slowMode: async () => Promise.reject(unable('slowMode')),
  };
}

const unable = (action: keyof typeof UNABLE.slack): AppError => cannot('Slack', action, UNABLE.slack[action]);

/** Undefined where it is gone. */
function notDeleted({ trouble, code, retryAfter }: CallFailed): AppError | undefined {
  if (code === 'message_not_found') return undefined;
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
