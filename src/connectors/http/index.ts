import { calls, type CallParts } from './listen.ts';
import { send, type Outlets } from './send.ts';

/** `POST /v1/commands/{name}` as one more platform. */
export function httpConnector(outlets: Outlets, parts: Omit<CallParts, 'clock'>) {
  return {
    platform: 'http' as const,
    ...calls({ ...parts, clock: () => Date.now() }),
    send: (answer: Parameters<typeof send>[1]) => send(outlets, answer),
  };
}
