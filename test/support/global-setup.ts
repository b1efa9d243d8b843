import { prepareBrowser } from './chromium.ts';

/** Runs once before all tests of a call: what two test files at a time must not both do. */
export async function globalSetup(): Promise<void> {
  await prepareBrowser().catch((error: Error) => console.error(`No browser yet: ${error.message}`));
}
