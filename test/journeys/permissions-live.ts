import { randomUUID } from 'node:crypto';
import type { Frame, Live } from '#test/support/live.ts';
import type { SignedIn, World } from './permissions-callers.ts';

/**
 * Sends one frame over a connection of this one's. Gives what it came to: the code of an error, the type of what came
 * back, `typing` where the host saw that, or nothing where nothing is told.
 */
export async function sendAs(world: World, who: SignedIn, frame: Record<string, unknown>): Promise<string> {
  const { type } = frame;
  const live = await world.people[who].live();
  const seen = type === 'typing' ? await hostIn(world, String(frame['room'])) : undefined;
  try {
    live.send(type === 'post' ? { ...frame, clientId: randomUUID() } : frame);
    if (type === 'unsubscribe') live.send({ type: 'nothing there is' });
    const told = live.frame(['error', 'subscribed', 'posted']).then(nameOf);
    if (!seen) return await told;
    const typing = seen.frame('typing', (one) => one.who.id === world.people[who].id).then(({ type: name }) => name);
    // One of the two comes; the other ends with its connection.
    return await Promise.any([told, typing]);
  } finally {
    live.close();
    seen?.close();
  }
}

/** Says a line that is a command in the room for all. */
export async function askInWords(world: World, who: SignedIn, line: string): Promise<string> {
  const live = await world.people[who].live();
  try {
    const told = await live.post(world.open, line);
    if (told.type === 'error') return told.code;
    // An answer to what the same person asked before may still come.
    const { reply } = await live.frame('private', ({ cause }) => cause?.text === line);
    return / asks for \w+\. You are/.test(reply.text) ? 'not-allowed' : 'answered';
  } finally {
    live.close();
  }
}

/** The host in a room that may not be there. */
async function hostIn(world: World, room: string): Promise<Live> {
  const live = await world.host.live();
  live.send({ type: 'subscribe', room });
  await live.frame(['subscribed', 'error']);
  live.frames.length = 0;
  return live;
}

function nameOf({ type, code }: Frame): string {
  if (type !== 'error') return type;
  return code === 'bad-frame' ? '' : code;
}
