import type { Message } from '#contracts/web.ts';
import { desk } from '#web/state/desk.svelte.ts';
import type { Act } from '#web/state/message-acts.ts';
import { rooms } from '#web/state/rooms.svelte.ts';
import { toasts } from '#web/state/toasts.svelte.ts';
import { texts } from '#web/texts.ts';

/** Does what was chosen for a message, in the tools beside it or in the tray. */
export function actOn(message: Message, act: Act): void {
  desk.tray = null;
  if (act === 'edit') desk.editing = message.id;
  else if (act === 'remove') desk.deleting = message;
  else if (act === 'report') desk.reporting = message;
  else if (act === 'order') orderOn(message);
  else void copy(message.text);
}

function orderOn({ author, room }: Message): void {
  const community = rooms.find(room)?.community;
  if (community !== undefined) desk.sanction = { community, person: author };
}

export function labelOf(act: Act): string {
  const { report, order } = texts.moderation;
  return { copy: texts.log.copyText, report, order, edit: texts.log.edit, remove: texts.log.remove }[act];
}

export function iconOf(act: Act): string {
  return { copy: 'copy', report: 'flag', order: 'shield', edit: 'edit', remove: 'trash' }[act];
}

async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  toasts.good(texts.copied);
}
