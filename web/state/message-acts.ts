import type { Message } from '#contracts/web.ts';

export type Act = 'copy' | 'report' | 'order' | 'edit' | 'remove';

/** What I may do with a message: copy any, edit and delete mine, report others’; moderators delete any, and act on its author. */
export function actsOn(
  message: Message,
  { me, member, moderator }: { me: string; member: boolean; moderator: boolean },
): Act[] {
  const mine = message.author.kind === 'person' && message.author.id === me;
  const acts: Act[] = ['copy'];
  if (!mine && member) acts.push('report');
  if (!mine && moderator && message.author.kind === 'person') acts.push('order');
  if (mine) acts.push('edit');
  if (mine || moderator) acts.push('remove');
  return acts;
}
