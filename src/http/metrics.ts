import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { PlatformHealth } from '#core/platform.ts';
import type { OperatorPort } from './hall.ts';
import type { Hub } from './live/hub.ts';

/** The figures of `/metrics`: the process's own, the work that waits, the platforms, and of a hall its live connections. */
export function metrics(operator: OperatorPort, hub?: Hub): () => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const measure = measures(registry);
  if (hub) liveMetrics(measure, hub);
  measure('guildhall_outbox_rows', 'Rows that wait to be published', () => operator.outbox());
  measure('guildhall_jobs_dead', 'Jobs that failed for good', async () => (await operator.dead()).length);
  measure('guildhall_not_ready', 'Things that do not work now', async () => (await operator.unready()).length);
  platformMetrics(registry, operator);
  return () => registry.metrics();
}

function liveMetrics(measure: Measure, { sockets, counts }: Hub): void {
  measure('guildhall_live_sockets', 'Live connections', () => sockets.size);
  measure(
    'guildhall_live_writes_total',
    'Socket writes to live connections: one a socket and flush',
    () => counts.writes,
  );
  measure('guildhall_live_frames_total', 'Frames in those writes', () => counts.frames);
  measure('guildhall_live_flushes_total', 'Flushes', () => counts.flushes);
  measure('guildhall_live_gaps_total', 'Gaps told to connections that did not keep up', () => counts.gaps);
  measure(
    'guildhall_live_healed_total',
    'Messages that were read because their event did not come in time',
    () => counts.healed,
  );
}

type Measure = ReturnType<typeof measures>;

/** What is read of one thing: a number, or one for each value of the label. */
type Figures = number | { of: string; figure: number }[];

/** Adds figures that are read when they are asked for. What ends in `_total` only grows, and is a counter. */
function measures(registry: Registry, label?: string) {
  return (name: string, help: string, read: () => Figures | Promise<Figures>): void => {
    const Kind = name.endsWith('_total') ? Counter : Gauge;
    const made = new Kind({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      async collect() {
        const figures = await read();
        made.reset();
        if (typeof figures === 'number') made.inc(figures);
        else for (const { of, figure } of figures) made.inc({ [label ?? '']: of }, figure);
      },
    });
  };
}

/** For each platform: whether it is heard, what waits, and what was received, sent and refused since the start. */
function platformMetrics(registry: Registry, operator: OperatorPort): void {
  const measure = measures(registry, 'platform');
  const each = (name: string, help: string, read: (health: PlatformHealth) => number): void =>
    measure(name, help, () => operator.platforms().map((health) => ({ of: health.platform, figure: read(health) })));
  each('guildhall_platform_up', '1 where the platform was heard within its heartbeat', ({ state }) =>
    Number(state === 'up'),
  );
  each(
    'guildhall_platform_heard_seconds',
    'When the platform was last heard, in seconds since 1970',
    ({ heardAt }) => (heardAt ?? 0) / 1000,
  );
  each('guildhall_platform_waiting', 'Answers that wait to be sent', ({ waiting }) => waiting);
  each('guildhall_platform_received_total', 'What the bot was asked', ({ counts }) => counts.received);
  each('guildhall_platform_sent_total', 'Messages sent', ({ counts }) => counts.sent);
  each(
    'guildhall_platform_refused_total',
    'Messages that the platform refused for good',
    ({ counts }) => counts.refused,
  );
}
