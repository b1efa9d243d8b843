import { desk } from './desk.svelte.ts';
import { router } from './router.svelte.ts';
import { rooms } from './rooms.svelte.ts';

/** The keys that work wherever one is in the hall. */
export function hallKeys(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (actFor(event)) event.preventDefault();
}

function actFor(event: KeyboardEvent): boolean {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') return turned('jump');
  if (desk.sheet !== null) return false;
  if (event.altKey && event.key === 'ArrowUp') return beside(-1);
  if (event.altKey && event.key === 'ArrowDown') return beside(1);
  return event.key === '?' && !inField(event.target) && turned('keys');
}

function turned(sheet: 'jump' | 'keys'): boolean {
  if (desk.sheet === sheet) desk.close();
  else desk.open(sheet);
  return true;
}

function beside(step: 1 | -1): boolean {
  const { route } = router;
  const room = rooms.beside(route.page === 'room' ? route.room : undefined, step);
  if (room) router.go(`/rooms/${room.id}`);
  return true;
}

function inField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
