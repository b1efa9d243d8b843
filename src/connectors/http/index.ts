import { calls, type Receive } from './listen.ts';
import { send, type Outlets } from './send.ts';

/** `POST /v1/commands/{name}` as one more platform. */
export function httpConnector(hall: string, outlets: Outlets, receive: Receive) {
  return {
    platform: 'http' as const,
    ...calls(hall, receive, () => Date.now()),
    send: (answer: Parameters<typeof send>[1]) => send(outlets, answer),
  };
}
