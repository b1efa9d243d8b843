import { type Act, type History, type Kept, type KeptMessage, markIn, type Told } from './history.ts';

/**
 * Judges a run by the model of a room: a list that grows at its end, once for each act, in an order that agrees with the
 * clock: what was acknowledged before something else was begun stands before it. Gives a sentence for each thing that no
 * such list can explain; none where all is well. `kept` is each room as each hall tells it when all is quiet.
 */
export function checkHistory(history: History, kept: Kept[]): string[] {
  const rooms = [...Map.groupBy(kept, ({ room }) => room)];
  return [
    ...history.wrong,
    ...refused(history.acts),
    ...rooms.flatMap(([room, views]) => roomWrong(history, room, views)),
    ...toldWrong(history),
  ];
}

/** Nothing in a run breaks a rule, so nobody may be refused. */
function refused(acts: Act[]): string[] {
  return acts.flatMap(({ outcome, mark, client }) => (outcome === 'refused' ? [`${client} was refused ${mark}`] : []));
}

function roomWrong(history: History, room: string, views: Kept[]): string[] {
  const [first] = views;
  if (!first) return [];
  const acts = history.acts.filter((act) => act.room === room);
  const posts = acts.filter(({ kind }) => kind === 'post');
  return [
    ...views.flatMap((view) => viewsDiffer(first, view)),
    ...numbersWrong(first),
    ...postsWrong(posts, first),
    ...answersWrong(acts, first),
    ...orderWrong(posts, first),
    ...readingsWrong(history, first),
  ];
}

function viewsDiffer(one: Kept, other: Kept): string[] {
  const [ours, theirs] = [one, other].map(({ messages }) => messages.map(({ seq, text }) => `${seq} ${text}`));
  const at = ours?.findIndex((line, index) => line !== theirs?.[index]) ?? -1;
  if (at === -1 && ours?.length === theirs?.length) return [];
  return [`${one.room}: ${one.hall} has "${ours?.[at]}" where ${other.hall} has "${theirs?.[at]}"`];
}

/** Nothing is deleted in a run, so the numbers of a room are 1, 2, 3 … */
function numbersWrong({ room, messages }: Kept): string[] {
  return messages.flatMap(({ seq }, index) => {
    const before = messages[index - 1]?.seq ?? 0;
    return seq === before + 1 ? [] : [`${room}: number ${seq} follows ${before}`];
  });
}

function postsWrong(posts: Act[], { room, messages }: Kept): string[] {
  const said = Map.groupBy(
    messages.filter(({ bot }) => !bot),
    ({ text }) => markIn(text),
  );
  const known = new Set(posts.map(({ mark }) => mark));
  const invented = [...said.keys()].filter((mark) => mark === undefined || !known.has(mark));
  return [
    ...invented.map((mark) => `${room}: nobody said ${mark}`),
    ...posts.flatMap((post) => postWrong(post, said.get(post.mark) ?? [])),
  ];
}

function postWrong({ mark, room, outcome, seq }: Act, found: KeptMessage[]): string[] {
  const numbers = found.map((one) => one.seq);
  if (numbers.length > 1) return [`${room}: ${mark} is doubled, as ${numbers.join(' and ')}`];
  if (outcome !== 'ok') return [];
  if (numbers.length === 0) return [`${room}: ${mark} was acknowledged as ${seq} and is lost`];
  return numbers[0] === seq ? [] : [`${room}: ${mark} was acknowledged as ${seq} and stands as ${numbers[0]}`];
}

/** A quote is said in the room, once for each question that was accepted. */
function answersWrong(acts: Act[], { room, messages }: Kept): string[] {
  const said = Map.groupBy(
    messages.filter(({ bot }) => bot),
    ({ text }) => markIn(text),
  );
  const asked = acts.filter(({ kind }) => kind === 'stock');
  const known = new Set(asked.map(({ mark }) => mark));
  return [
    ...[...said.keys()].filter((mark) => !known.has(mark ?? '')).map((mark) => `${room}: nobody asked ${mark}`),
    ...asked.flatMap(({ mark, outcome }) => {
      const times = said.get(mark)?.length ?? 0;
      if (times > 1) return [`${room}: ${mark} is answered ${times} times`];
      return outcome === 'ok' && times === 0 ? [`${room}: ${mark} was accepted and is not answered`] : [];
    }),
  ];
}

/** What was acknowledged before another post was begun has a lower number, whoever said it and by whichever hall. */
function orderWrong(posts: Act[], { room, messages }: Kept): string[] {
  const numbers = new Map(messages.map(({ seq, text }) => [markIn(text), seq]));
  const there = posts.flatMap((post) => {
    const seq = numbers.get(post.mark);
    return seq === undefined ? [] : [{ ...post, seq }];
  });
  const ended = there.filter(({ outcome }) => outcome === 'ok').toSorted((a, b) => a.ended - b.ended);
  const wrong: string[] = [];
  let highest = { seq: 0, mark: '' };
  let next = 0;
  for (const { seq, mark, began } of there.toSorted((a, b) => a.began - b.began)) {
    for (let one = ended[next]; one && one.ended < began; one = ended[++next]) if (one.seq > highest.seq) highest = one;
    if (highest.seq > seq)
      wrong.push(`${room}: ${mark} is ${seq}, before ${highest.mark}, ${highest.seq}, which was there earlier`);
  }
  return wrong;
}

/** Every connection shows every number once and in order; what a client had last, when all is quiet, is the last there is. */
function readingsWrong({ readings }: History, { room, messages }: Kept): string[] {
  const end = messages.at(-1)?.seq ?? 0;
  const here = readings.filter((one) => one.room === room);
  return [...Map.groupBy(here, ({ client }) => client)].flatMap(([client, all]) => {
    let last = 0;
    const wrong = all.flatMap(({ connection, after, runs }) => {
      const who = `${room}: connection ${connection} of ${client}`;
      const holes = runs.flatMap(([first, until]) => {
        const before = last;
        last = until;
        return first === before + 1 ? [] : [`${who} shows ${first} after ${before}`];
      });
      return after > last ? [`${who} begins after ${after}, of which it had ${last}`, ...holes] : holes;
    });
    return last === end ? wrong : [...wrong, `${room}: ${client} has ${last} of ${end} messages`];
  });
}

/** What was asked on a connection and is answered at once is told there, once and in the order of the questions. */
function toldWrong(history: History): string[] {
  const asked = Map.groupBy(history.acts.filter(isAskedOnOne), lineOf);
  const told = Map.groupBy(history.told, lineOf);
  return [
    ...[...asked].flatMap(([line, acts]) => [
      ...toldTwice(line, acts, told.get(line) ?? []),
      ...toldInDisorder(line, acts, told.get(line) ?? []),
    ]),
    ...neverTold(history).map((act) => `${lineOf(act)} is still there and was never told ${act.mark}`),
  ];
}

/** Questions whose connection is the last of its client, and that were not told there. */
export function neverTold({ acts, told, readings }: History): Act[] {
  const last = new Map<string, number>();
  for (const { client, connection } of readings) last.set(client, Math.max(connection, last.get(client) ?? 0));
  const seen = new Set(told.map((one) => `${one.mark} ${lineOf(one)}`));
  return acts.filter(
    (act) => isAskedOnOne(act) && act.connection === last.get(act.client) && !seen.has(`${act.mark} ${lineOf(act)}`),
  );
}

function toldTwice(line: string, acts: Act[], told: Told[]): string[] {
  const times = (mark: string): number => told.filter((one) => one.mark === mark).length;
  return acts.flatMap(({ mark }) => (times(mark) > 1 ? [`${line} was told ${mark} ${times(mark)} times`] : []));
}

function toldInDisorder(line: string, acts: Act[], told: Told[]): string[] {
  const byMark = new Map(acts.map((act) => [act.mark, act]));
  const answered = told.flatMap(({ mark }) => byMark.get(mark) ?? []);
  return answered.flatMap((act, index) => {
    const later = answered.slice(0, index).find((one) => act.ended < one.began);
    return later ? [`${line} was told ${later.mark} before ${act.mark}, which was asked earlier`] : [];
  });
}

const isAskedOnOne = ({ kind, connection }: Act): boolean => kind === 'help' && connection !== undefined;

const lineOf = (one: { client: string; connection?: number }): string =>
  `connection ${one.connection} of ${one.client}`;
