import { toasts } from './toasts.svelte.ts';

/** Does something; where it is refused, the refusal is shown. True where it was done. */
export async function tried(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    toasts.bad(error instanceof Error ? error.message : String(error));
    return false;
  }
}
