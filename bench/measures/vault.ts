import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram, type Program } from '#bench/load/programs.ts';
import {
  atMost,
  interleave,
  judge,
  median,
  REPEATS,
  rounded,
  type Bench,
  type Measure,
  type Result,
} from './measure.ts';

/** Time to seal a secret where it came in, with the vault's public key at hand. */
export const vaultSeal: Measure = { name: 'vault.seal', run: seal };

/** Time to ask a provider on loopback through the vault, beside a bare fetch of the same. */
export const vaultCall: Measure = { name: 'vault.call', run: call };

/** Calls of one repeat, and before: all together stay within the hundred that may go at once, before the vault keeps the provider’s pace. */
const CALLS = 16;
const WARM = 16;
const SEALS = 500;

function seal(bench: Bench): Promise<Result> {
  return withVault(async (vault) => {
    await vault.ask('seals', { count: WARM });
    const taken: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) taken.push(await vault.ask<number>('seals', { count: SEALS }));
    bench.note(`  ${taken.map(rounded).join(', ')}`);
    const ours = median(taken);
    return judge({ measure: 'vault.seal', ours, peers: {}, unit: 'ms', goals: [atMost(ours, 0.5)] });
  });
}

function call(bench: Bench): Promise<Result> {
  return withVault(async (vault) => {
    for (const name of ['calls', 'fetches']) await vault.ask(name, { count: WARM });
    const { ours, bare } = await interleave(bench, {
      ours: () => vault.ask<number>('calls', { count: CALLS }),
      bare: () => vault.ask<number>('fetches', { count: CALLS }),
    });
    const goals = [atMost(ours - bare, 3, ' ms over a bare fetch')];
    return judge({ measure: 'vault.call', ours, peers: { 'a bare fetch': bare }, unit: 'ms', goals });
  });
}

async function withVault(take: (vault: Program) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-bench-'));
  const provider = startProgram(new URL('../load/provider.ts', import.meta.url));
  const vault = startProgram(new URL('../ours/vault.ts', import.meta.url));
  try {
    await vault.ask('open', { folder, url: await provider.ask<string>('listen'), people: 50 });
    const result = await take(vault);
    await vault.ask('close');
    return result;
  } finally {
    await Promise.all([vault.stop(), provider.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}
