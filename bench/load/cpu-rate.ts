/** What one run of a busy loop came to. */
export interface CpuRate {
  /** Rounds per second of processor time, user and system, of the whole process. */
  perCpuSecond: number;
  rounds: number;
}

/** Repeats `round` for `warm` seconds that do not count and `seconds` that do. A round says how many it did. */
export async function cpuRate(
  round: () => Promise<number>,
  asked: { warm: number; seconds: number },
): Promise<CpuRate> {
  await repeat(round, asked.warm);
  const before = process.cpuUsage();
  const rounds = await repeat(round, asked.seconds);
  const { user, system } = process.cpuUsage(before);
  return { perCpuSecond: (rounds * 1e6) / (user + system), rounds };
}

async function repeat(round: () => Promise<number>, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  let rounds = 0;
  while (performance.now() < end) rounds += await round();
  return rounds;
}
