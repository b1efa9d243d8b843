import { test } from 'node:test';

/**
 * A play: scenes that build on each other. Once one has failed the rest are skipped, as they would only tell of the
 * same fault again, each after a long wait. `onFailure` may keep what explains it, such as a picture of the page.
 */
export function play(onFailure: (scene: string) => Promise<void> = async () => undefined) {
  let failed = '';
  return function scene(name: string, act: () => Promise<void> | void): void {
    test(name, async (t) => {
      if (failed) return t.skip(`after "${failed}"`);
      try {
        await act();
      } catch (error) {
        failed = name;
        await onFailure(name).catch(() => undefined);
        throw error;
      }
    });
  };
}
