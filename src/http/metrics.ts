import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { PlatformHealth } from '#core/platform.ts';
import type { Hall } from './hall.ts';
import type { Hub } from './live/hub.ts';

/** The figures of `/metrics`. Counts of the live part stand beside the process's own. */
export function metrics(hall: Hall, hub: Hub): () => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
    const made = new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        made.set(await read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    const made = new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        made.reset();
        made.inc(read());
      },
    });
  };
  gauge('guildhall_live_sockets', 'Live connections', () => hub.sockets.size);
  counter(
    'guildhall_live_writes_total',
    'Socket writes to live connections: one a socket and flush',
    () => hub.counts.writes,
  );
  counter('guildhall_live_frames_total', 'Frames in those writes', () => hub.counts.frames);
  counter('guildhall_live_flushes_total', 'Flushes', () => hub.counts.flushes);
  counter('guildhall_live_gaps_total', 'Gaps told to connections that did not keep up', () => hub.counts.gaps);
  gauge('guildhall_outbox_rows', 'Rows that wait to be published', () => hall.operator.outbox());
  gauge('guildhall_jobs_dead', 'Jobs that failed for good', async () => (await hall.operator.dead()).length);
  if (hall.operator.platforms().length > 0) platformMetrics(registry, hall);
  return () => registry.metrics();
}

/** For each platform: whether it is heard, what waits, and what was received, sent and refused since the start. */
function platformMetrics(registry: Registry, hall: Hall): void {
  const labelled = { labelNames: ['platform'] as const, registers: [registry] };
  const gauge = (name: string, help: string, read: (health: PlatformHealth) => number): void => {
    const made = new Gauge({
      name,
      help,
      ...labelled,
      collect() {
        for (const health of hall.operator.platforms()) made.set({ platform: health.platform }, read(health));
      },
    });
  };
  const counter = (name: string, help: string, read: (health: PlatformHealth) => number): void => {
    const made = new Counter({
      name,
      help,
      ...labelled,
      collect() {
        made.reset();
        for (const health of hall.operator.platforms()) made.inc({ platform: health.platform }, read(health));
      },
    });
  };
  gauge('guildhall_platform_up', '1 where the platform was heard within its heartbeat', ({ state }) =>
    Number(state === 'up'),
  );
  gauge(
    'guildhall_platform_heard_seconds',
    'When the platform was last heard, in seconds since 1970',
    ({ heardAt }) => (heardAt ?? 0) / 1000,
  );
  gauge('guildhall_platform_waiting', 'Answers that wait to be sent', ({ waiting }) => waiting);
  counter('guildhall_platform_received_total', 'What the bot was asked', ({ counts }) => counts.received);
  counter('guildhall_platform_sent_total', 'Messages sent', ({ counts }) => counts.sent);
  counter(
    'guildhall_platform_refused_total',
    'Messages that the platform refused for good',
    ({ counts }) => counts.refused,
  );
}
