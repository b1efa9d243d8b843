import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
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
  return () => registry.metrics();
}
