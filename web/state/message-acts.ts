import type { Message } from '#contracts/web.ts';

export type Act = 'copy' | 'edit' | 'remove';

/** What I may do with a message: copy any, edit mine, delete mine; moderators delete any. */
export function actsOn(message: Message, { me, moderator }: { me: string; moderator: boolean }): Act[] {
  const mine = message.author.kind === 'person' && message.author.id === me;
  const acts: Act[] = ['copy'];
  if (mine) acts.push('edit');
  if (mine || moderator) acts.push('remove');
  return acts;
}
