import type { Message } from '#contracts/web.ts';
import type { Outsider } from './order.svelte.ts';

type Sheet = 'jump' | 'keys' | 'new-room' | 'delete-room';

/** Somebody to mute, take out or ban. `done`: called when that was done. */
export type ToSanction = { community: string; person: ToAct; done?: () => void };
/** A member, or `there` somebody of a platform who has no account here. */
export type ToAct = { id: string; name: string; there?: Outsider };

/** What lies open over the page: at most one dialog, one line being edited, one message in the tray. */
class Desk {
  sheet = $state<Sheet | null>(null);
  editing = $state<string | null>(null);
  deleting = $state<Message | null>(null);
  tray = $state<Message | null>(null);
  reporting = $state<Message | null>(null);
  sanction = $state<ToSanction | null>(null);

  open(sheet: Sheet): void {
    this.sheet = sheet;
  }

  close(): void {
    this.sheet = null;
  }

  clear(): void {
    this.sheet = null;
    this.editing = null;
    this.deleting = null;
    this.tray = null;
    this.reporting = null;
    this.sanction = null;
  }
}

export const desk = new Desk();
