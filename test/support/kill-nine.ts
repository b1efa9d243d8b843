import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import type { Counts } from './cluster.ts';
import { type Deployment, type Shape, startDeployment } from './deployment.ts';
import type { Live } from './live.ts';
import { owner as makeOwner, type Person, signUp } from './person.ts';
import { eventually } from './wait.ts';

/** How often it is done, and what chooses the moment of each kill. */
export interface Plan {
  rounds: number;
  seed: number;
  shape: Shape;
  /** How many processes of a role, in separate processes. */
  counts?: Counts;
}

/** What it came to, for a report. */
export interface Toll {
  rounds: number;
  acknowledged: number;
  inFlight: number;
  keptInFlight: number;
  jobs: number;
}

/**
 * Kills the hall, with all its processes, with SIGKILL while 50 clients post, again and again on the same data. After each restart every post
 * that was acknowledged is there once, under its number and in order; a post that was in flight is there once or not at
 * all, and once after it is sent again; a command that was accepted is answered once.
 */
export async function killNine({ rounds, seed, shape, counts }: Plan): Promise<Toll> {
  const stock = await startStock();
  const hall = await startDeployment(shape, { STOCK_URL: stock.url, SIGNUP: 'open', ...GENEROUS }, counts);
  try {
    const story = await begin(hall, stock);
    const random = randomFrom(seed);
    for (let round = 0; round < rounds; round += 1) {
      const when = { posts: 100 + Math.floor(random() * 600), later: random() * 8 };
      await oneRound(story, round, when);
    }
    const { acknowledged, inFlight, keptInFlight, jobs } = story;
    return { rounds, acknowledged: acknowledged.size, inFlight, keptInFlight, jobs };
  } finally {
    await hall.remove();
    await stock.stop();
  }
}

const GENEROUS = {
  POST_LIMIT: '1000000/1',
  READ_LIMIT: '1000000/1',
  COMMAND_LIMIT: '1000000/1',
  SIGNUP_LIMIT: '1000/1',
};

const PEOPLE = 10;
const CLIENTS_EACH = 5;

interface Story {
  hall: Deployment;
  stock: StockSource;
  people: Person[];
  room: string;
  /** By text, which is different for every post: the number that the hall gave it. */
  acknowledged: Map<string, number>;
  inFlight: number;
  keptInFlight: number;
  jobs: number;
}

async function begin(hall: Deployment, stock: StockSource): Promise<Story> {
  const owner = await makeOwner(hall);
  const names = Array.from({ length: PEOPLE }, (_, n) => `person-${n}`);
  const people = await Promise.all(names.map((username) => signUp(hall, { username })));
  const room = await owner.makeRoom('the-killing-floor');
  return { hall, stock, people, room, acknowledged: new Map(), inFlight: 0, keptInFlight: 0, jobs: 0 };
}

/** When to kill: after so many acknowledged posts, and so many ms more, so that it also falls into a commit. */
interface When {
  posts: number;
  later: number;
}

async function oneRound(story: Story, round: number, when: When): Promise<void> {
  const { hall, stock, people, room } = story;
  stock.behave('slow');
  const lives = (await Promise.all(people.map((person) => clientsOf(person)))).flat();
  await acceptJob(story, lives[round % lives.length]!.live);
  let count = 0;
  const enough = Promise.withResolvers<void>();
  const onAcknowledged = (): void => void ((count += 1) === when.posts && enough.resolve());
  const posting = lives.map(({ person, live }, n) =>
    postOn(story, { person, live, name: `r${round} c${n}`, onAcknowledged }),
  );
  await enough.promise;
  await pause(when.later);
  await hall.kill();
  const left = (await Promise.all(posting)).filter((one) => one !== undefined);
  stock.behave('good');
  await hall.startAgain();
  await checkHistory(story, left);
  for (const { person, text, clientId } of left) await postAgain(person, { room, text, clientId });
  await checkHistory(story, []);
}

async function clientsOf(person: Person): Promise<{ person: Person; live: Live }[]> {
  const open = async (): Promise<{ person: Person; live: Live }> => ({ person, live: await person.live() });
  return Promise.all(Array.from({ length: CLIENTS_EACH }, open));
}

/** Has a command accepted whose answer cannot come before the kill, as the source keeps it waiting. */
async function acceptJob(story: Story, live: Live): Promise<void> {
  const asked = story.stock.asked.length;
  const answer = await live.post(story.room, '/stock aapl.us');
  assert.equal(answer.type, 'accepted');
  story.jobs += 1;
  await eventually('the source to be asked', () => story.stock.asked.length > asked || undefined);
}

interface Poster {
  person: Person;
  live: Live;
  name: string;
  onAcknowledged(): void;
}

interface InFlight {
  person: Person;
  text: string;
  clientId: string;
}

/** Posts one after the other until the hall is gone; gives the post that it had not acknowledged by then. */
async function postOn(story: Story, { person, live, name, onAcknowledged }: Poster): Promise<InFlight | undefined> {
  for (let n = 0; ; n += 1) {
    const clientId = `${name} n${n}`;
    const text = `${person.username} ${clientId}`;
    const answer = await live.post(story.room, text, clientId).catch(() => undefined);
    live.frames.length = 0;
    if (!answer) return { person, text, clientId };
    assert.equal(answer.type, 'posted', JSON.stringify(answer));
    story.acknowledged.set(text, answer.message.seq);
    onAcknowledged();
  }
}

async function postAgain(person: Person, post: { room: string; text: string; clientId: string }): Promise<void> {
  const { room, ...body } = post;
  const answer = await person.post(`/v1/rooms/${room}/messages`, body);
  assert.ok([200, 201].includes(answer.status), answer.text);
}

interface Kept {
  seq: number;
  text: string;
  author: { kind: string };
}

async function checkHistory(story: Story, left: InFlight[]): Promise<void> {
  await eventually('every accepted command to be answered', async () => {
    return (await history(story)).filter(isQuote).length >= story.jobs || undefined;
  });
  const all = await history(story);
  assert.equal(all.filter(isQuote).length, story.jobs, 'a command was answered more than once');
  const said = all.filter((message) => !isQuote(message));
  const byText = new Map(said.map((message) => [message.text, message.seq]));
  assert.equal(byText.size, said.length, 'a post is there twice');
  const numbers = all.map((message) => message.seq);
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].toSorted((a, b) => a - b),
    'the numbers are not in order',
  );
  for (const [text, seq] of story.acknowledged) assert.equal(byText.get(text), seq, `"${text}" was acknowledged`);
  story.inFlight += left.length;
  for (const { text } of left) if (byText.has(text)) story.keptInFlight += 1;
  const known = new Set([...story.acknowledged.keys(), ...left.map((one) => one.text)]);
  for (const text of byText.keys()) if (!known.has(text)) story.acknowledged.set(text, byText.get(text)!);
}

const isQuote = (message: Kept): boolean => message.author.kind === 'bot';

async function history({ people, room }: Story): Promise<Kept[]> {
  const all: Kept[] = [];
  for (let after = 0; ; after = all.at(-1)!.seq) {
    const path = `/v1/rooms/${room}/messages?limit=200&after=${after}`;
    const { messages } = await people[0]!.done<{ messages: Kept[] }>('GET', path);
    if (messages.length === 0) return all;
    all.push(...messages);
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
