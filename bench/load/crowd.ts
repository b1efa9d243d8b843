import { setTimeout as sleep } from 'node:timers/promises';
import { answerParent } from './answer-parent.ts';
import { latencyOf } from './latency.ts';
import { openSocket, type RawSocket } from './raw-socket.ts';
import { POST_BYTES, type Latency, type Site } from './site.ts';

/**
 * The load client: a process of its own with all the receivers of a room and a few posters among them.
 * It counts raw frames; one receiver also reads them, to learn in which order the server put the posts.
 */
answerParent({ gather, saturate, pace, acknowledge, listen, part });

/** How many of the receivers post. */
const POSTERS = 16;

interface Crowd {
  site: Site;
  receivers: RawSocket[];
  /** Deliveries to all receivers so far. */
  total(): number;
  onDelivery: () => void;
  arrivals: Arrivals | undefined;
}

interface Arrivals {
  /** Posts that are measured at most. */
  posts: number;
  /** When receiver r read its k-th delivery, at r * posts + k. */
  at: Float64Array;
  /** Deliveries of each receiver before the first measured one. */
  before: number[];
}

let crowd: Crowd;
let numbered = 0;
let order: number[] = [];

/** Opens `count` receivers in the room, one after the other in tens. */
async function gather({ site, count }: { site: Site; count: number }): Promise<void> {
  let total = 0;
  crowd = { site, receivers: [], total: () => total, onDelivery: () => undefined, arrivals: undefined };
  order = [];
  for (let from = 0; from < count; from += 10) {
    const ten = Array.from({ length: Math.min(10, count - from) }, (_, index) => from + index);
    const opened = await Promise.all(ten.map((index) => openSocket({ site, token: tokenOf(site, index), onRead: receiver(index) })));
    crowd.receivers.push(...opened);
  }
  function receiver(index: number): (deliveries: number) => void {
    let seen = 0;
    return (deliveries) => {
      if (deliveries === seen) return;
      if (crowd.arrivals) note(crowd.arrivals, { index, from: seen, to: deliveries });
      total += deliveries - seen;
      seen = deliveries;
      crowd.onDelivery();
    };
  }
}

function tokenOf(site: Site, index: number): string | undefined {
  return site.tokens[index % Math.max(1, site.tokens.length)];
}

function note({ at, before, posts }: Arrivals, read: { index: number; from: number; to: number }): void {
  const now = performance.now();
  const base = before[read.index] as number;
  const end = Math.min(read.to - base, posts);
  for (let k = Math.max(0, read.from - base); k < end; k++) at[read.index * posts + k] = now;
}

/** Keeps `outstanding` posts under way; deliveries/s of all receivers, the warm-up left out. */
async function saturate({ outstanding, warm, seconds }: { outstanding: number; warm: number; seconds: number }): Promise<number> {
  const { receivers } = crowd;
  let posted = 0;
  const base = crowd.total();
  const fill = (): void => {
    while (posted - Math.floor((crowd.total() - base) / receivers.length) < outstanding) post(posted++);
  };
  crowd.onDelivery = fill;
  fill();
  await sleep(warm * 1_000);
  const [from, began] = [crowd.total(), performance.now()];
  await sleep(seconds * 1_000);
  const rate = ((crowd.total() - from) * 1_000) / (performance.now() - began);
  crowd.onDelivery = () => undefined;
  return rate;
}

/** Posts at a steady rate, whatever comes back; then waits for what is still under way, `drain` seconds at most. */
async function pace(asked: { rate: number; warm: number; seconds: number; drain: number }): Promise<Latency> {
  const { rate, warm, seconds, drain } = asked;
  const listener = await openSocket({ site: crowd.site, token: tokenOf(crowd.site, 0), onText: learn });
  await steady(rate, warm);
  await quiet(drain);
  const posts = Math.round(rate * seconds);
  crowd.arrivals = { posts, at: new Float64Array(posts * crowd.receivers.length), before: crowd.receivers.map((one) => one.deliveries()) };
  order = [];
  const first = numbered;
  const began = performance.now();
  const sentAt = await steady(rate, seconds);
  const sent = (sentAt.length * 1_000) / (performance.now() - began);
  await quiet(drain);
  const { at } = crowd.arrivals;
  crowd.arrivals = undefined;
  listener.close();
  return { ...latencyOf({ at, order: order.map((number) => number - first), sentAt, end: performance.now() }), sent };
}

/** Sends what is due about each millisecond. Returns when each post was written. */
async function steady(rate: number, seconds: number): Promise<number[]> {
  const sentAt: number[] = [];
  const began = performance.now();
  const all = Math.round(rate * seconds);
  while (sentAt.length < all) {
    const due = Math.min(all, Math.floor(((performance.now() - began) * rate) / 1_000));
    while (sentAt.length < due) {
      sentAt.push(performance.now());
      post(numbered++);
    }
    await sleep(1);
  }
  return sentAt;
}

/** Waits until nothing more comes for half a second, `seconds` at most. */
async function quiet(seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  for (let before = -1; before !== crowd.total() && performance.now() < end; ) {
    before = crowd.total();
    await sleep(500);
  }
}

function learn(text: string): void {
  if (!text.startsWith(crowd.site.delivery.bytes, crowd.site.delivery.at)) return;
  const number = /"(\d{10})x+"/.exec(text)?.[1];
  if (number !== undefined) order.push(Number(number));
}

function post(number: number): void {
  const poster = crowd.receivers[number % Math.min(POSTERS, crowd.receivers.length)] as RawSocket;
  poster.send(postFrame(crowd.site, number));
}

const RUN = Date.now().toString(36);

function postFrame(site: Site, number: number): string {
  const text = String(number).padStart(10, '0').padEnd(POST_BYTES, 'x');
  return site.post.replace('TEXT', text).replace('CLIENT', `${RUN}-${process.pid}-${++posted}`);
}

let posted = 0;

/** `count` posters with one post under way each; acknowledged posts/s, the warm-up left out. */
async function acknowledge({ site, count, warm, seconds }: { site: Site; count: number; warm: number; seconds: number }): Promise<number> {
  let done = 0;
  let open = true;
  const poster = async (index: number): Promise<RawSocket> => {
    const onText = (text: string): void => {
      if (!text.startsWith(site.acknowledged)) return;
      done++;
      if (open) socket.send(postFrame(site, done));
    };
    const socket = await openSocket({ site, token: tokenOf(site, index), onText });
    return socket;
  };
  const posters = await Promise.all(Array.from({ length: count }, (_, index) => poster(index)));
  for (const [index, socket] of posters.entries()) socket.send(postFrame(site, index));
  await sleep(warm * 1_000);
  const [from, began] = [done, performance.now()];
  await sleep(seconds * 1_000);
  const rate = ((done - from) * 1_000) / (performance.now() - began);
  open = false;
  await sleep(200);
  for (const socket of posters) socket.close();
  return rate;
}

/** Deliveries/s that this process can count while a server does nothing but write. */
async function listen({ warm, seconds }: { warm: number; seconds: number }): Promise<number> {
  await sleep(warm * 1_000);
  const [from, began] = [crowd.total(), performance.now()];
  await sleep(seconds * 1_000);
  return ((crowd.total() - from) * 1_000) / (performance.now() - began);
}

function part(): void {
  for (const socket of crowd.receivers) socket.close();
  crowd.receivers = [];
}
