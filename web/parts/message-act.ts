import type { Message } from '#contracts/web.ts';
import { desk } from '#web/state/desk.svelte.ts';
import type { Act } from '#web/state/message-acts.ts';
import { toasts } from '#web/state/toasts.svelte.ts';
import { texts } from '#web/texts.ts';

/** Does what was chosen for a message, in the tools beside it or in the tray. */
export function actOn(message: Message, act: Act): void {
  desk.tray = null;
  if (act === 'edit') desk.editing = message.id;
  else if (act === 'remove') desk.deleting = message;
  else void copy(message.text);
}

export function labelOf(act: Act): string {
  return { copy: texts.log.copyText, edit: texts.log.edit, remove: texts.log.remove }[act];
}

export function iconOf(act: Act): string {
  return { copy: 'copy', edit: 'edit', remove: 'trash' }[act];
}

async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  toasts.good(texts.copied);
}
