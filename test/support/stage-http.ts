import type { Part, Place } from './stage.ts';
import type { StageHall } from './stage-hall.ts';
import { type Cast, heardOf, type Viewer } from './stage-web.ts';
import { eventually } from './wait.ts';

/** A command as GET /v1/commands offers it: what a program needs to make a call of a line. */
interface Offered {
  name: string;
  args: { name: string; kind: string }[];
}

/** What a caller gets: an answer, a job that is not done yet, or a problem. */
interface Answered {
  reply?: { text: string; private: boolean };
  job?: string;
  detail?: string;
}

export interface HttpOptions {
  hall: StageHall;
  cast: Cast;
  /** Cuts the calls under way. */
  cut: Set<AbortController>;
}

/**
 * Programs that call /v1/commands for people, in a room. What comes back for everybody is said in that room too, so people
 * see it there; what comes back for the caller alone is shown to them by their program.
 */
export async function httpPlaces({ hall, cast, cut }: HttpOptions): Promise<(room: string) => Place> {
  const { commands } = await hall.done<{ commands: Offered[] }>('GET', '/v1/commands');
  let count = 0;
  return (room) => {
    const ask = async (who: Part, line: string): Promise<string> => {
      const id = `call-${(count += 1)}`;
      const caller = { hall, viewer: cast[who], room, id };
      const before = await hall.taken();
      const answered = callFor(caller, callOf(commands, line), cut);
      const taken = eventually('the call to be taken', async () => (await hall.taken()) > before || undefined);
      await Promise.race([answered, taken]);
      return id;
    };
    return {
      name: room,
      ask,
      say: ask,
      again: () => Promise.reject(new Error('A call over HTTP has no second delivery: each is a call of its own.')),
      seen: (who) => cast[who].heardIn(room),
    };
  };
}

/** `/add 2 3` as a name and arguments. What is too much is handed over too, under a name of its own. */
function callOf(commands: Offered[], line: string): { name: string; args: Record<string, string> } {
  const [, name = '', rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
  const declared = commands.find((one) => one.name === name)?.args ?? [];
  const words = rest === '' ? [] : rest.split(' ');
  const args: Record<string, string> = {};
  for (const { name: argument, kind } of declared) {
    const value = kind === 'text' ? words.splice(0).join(' ') : words.shift();
    if (value !== undefined) args[argument] = value;
  }
  if (words.length > 0) args['rest'] = words.join(' ');
  return { name, args };
}

interface Caller {
  hall: StageHall;
  viewer: Viewer;
  room: string;
  id: string;
}

async function callFor(caller: Caller, { name, args }: ReturnType<typeof callOf>, cut: Set<AbortController>) {
  const { hall, viewer, room, id } = caller;
  const under = new AbortController();
  cut.add(under);
  try {
    const path = `${hall.url}/v1/commands/${name}?wait=14`;
    const headers = { authorization: `Bearer ${viewer.token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ room: viewer.idOf(room), args });
    const answer = await fetch(path, { method: 'POST', headers, body, signal: under.signal });
    await tell(viewer, { room, id }, (await answer.json()) as Answered);
  } catch (error) {
    // Cut on purpose: the answer is in the room.
    if (!under.signal.aborted) await tell(viewer, { room, id }, { detail: String(error) });
  } finally {
    cut.delete(under);
  }
}

async function tell(viewer: Viewer, { room, id }: Pick<Caller, 'room' | 'id'>, answered: Answered): Promise<void> {
  const { reply, detail, job } = answered;
  if (reply && !reply.private) return isInRoom(viewer, room, reply.text);
  const text = reply?.text ?? detail ?? `not done: ${job}`;
  viewer.told(room, { ...heardOf({ text }, true), id });
}

/** What the caller got for everybody is in the room, in the same words; if not, that is heard as what it is. */
async function isInRoom(viewer: Viewer, room: string, text: string): Promise<void> {
  const isThere = (): true | undefined => viewer.heardIn(room).some((one) => one.text === text) || undefined;
  const told = (): void => viewer.told(room, heardOf({ text: `The caller alone heard: ${text}` }, true));
  await eventually('the answer to be said in the room', isThere).catch(told);
}
