import { newId } from '#core/ids.ts';
import type { IncomingMessage } from '#core/message.ts';
import type { Role } from '#core/roles.ts';

export interface Called {
  who: { account: string; name: string; username: string };
  role: Role | undefined;
  community: string;
  hall: string;
  room?: string;
  name: string;
  args: Record<string, unknown>;
  at: number;
}

/** A call to `/v1/commands/{name}`, as the spine reads it. */
export function read(called: Called): IncomingMessage {
  const { who, role, community, hall, room, name, args, at } = called;
  return {
    id: newId('job', at),
    from: { platform: 'http', account: who.account, hall, ...(room !== undefined && { room }) },
    community,
    who: { ...who, role },
    ask: { name, args },
    // Somebody waits for it.
    mustAnswer: true,
    at,
  };
}
