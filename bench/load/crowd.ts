import { setTimeout as sleep } from 'node:timers/promises';
import { answerParent } from './answer-parent.ts';
import { latencyOf } from './latency.ts';
import { openSocket, type RawSocket } from './raw-socket.ts';
import { POST_BYTES, type Latency, type Site } from './site.ts';

/**
 * The load client: a process of its own with all the receivers of a room, a few of whom post.
 * It counts raw frames. One more receiver reads them, to learn in which order the server put the posts.
 */
answerParent({ gather, saturate, pace, acknowledge, listen, part });

/** How many of the receivers post. */
const POSTERS = 16;

interface Crowd {
  site: Site;
  sockets: RawSocket[];
  /** Those that post, where they are not some of the receivers. */
  posters: RawSocket[];
  /** Deliveries to all receivers so far. */
  total: number;
  onDelivery: () => void;
  arrivals: Arrivals | undefined;
  /** Numbers of the posts as the server gave them out. */
  order: number[];
}

interface Arrivals {
  posts: number;
  /** When receiver r read its k-th delivery, at r * posts + k. */
  at: Float64Array;
}

let crowd: Crowd;

interface Gathering {
  site: Site;
  count: number;
  reads: boolean;
  /** More servers of the same room, among which the receivers are dealt out. */
  others?: Site[];
  /** The server of those who post, where it is another one. */
  posting?: Site;
}

/** Opens `count` receivers in the room, ten at a time, and the one that reads. */
async function gather({ site, count, reads, others = [], posting }: Gathering): Promise<void> {
  crowd = { site, sockets: [], posters: [], total: 0, onDelivery: () => undefined, arrivals: undefined, order: [] };
  const sites = [site, ...others];
  for (let from = 0; from < count; from += 10) {
    const ten = Array.from({ length: Math.min(10, count - from) }, (_, index) => from + index);
    const opened = ten.map((index) =>
      openSocket({
        site: sites[index % sites.length] as Site,
        token: tokenOf(site, index),
        onRead: receiver(index),
      }),
    );
    crowd.sockets.push(...(await Promise.all(opened)));
  }
  for (let index = 0; posting && index < POSTERS; index++)
    crowd.posters.push(await openSocket({ site: posting, token: tokenOf(posting, index), onRead: () => undefined }));
  if (reads) crowd.sockets.push(await openSocket({ site, token: tokenOf(site, 0), onText: learn }));
}

function receiver(index: number): (deliveries: number) => void {
  let seen = 0;
  return (deliveries) => {
    if (deliveries === seen) return;
    if (crowd.arrivals) note(crowd.arrivals, { index, from: seen, to: deliveries });
    crowd.total += deliveries - seen;
    seen = deliveries;
    crowd.onDelivery();
  };
}

function tokenOf(site: Site, index: number): string | undefined {
  return site.tokens[index % Math.max(1, site.tokens.length)];
}

function note({ at, posts }: Arrivals, read: { index: number; from: number; to: number }): void {
  const now = performance.now();
  const end = Math.min(read.to, posts);
  for (let k = read.from; k < end; k++) at[read.index * posts + k] = now;
}

function learn(text: string): void {
  if (!text.startsWith(crowd.site.delivery.bytes, crowd.site.delivery.at)) return;
  const number = /"(\d{10})x+"/.exec(text)?.[1];
  if (number !== undefined) crowd.order.push(Number(number));
}

/** Keeps `outstanding` posts under way; deliveries/s of all receivers, the warm-up left out. */
async function saturate(asked: { count: number; outstanding: number; warm: number; seconds: number }): Promise<number> {
  let posts = 0;
  const fill = (): void => {
    while (posts - Math.floor(crowd.total / asked.count) < asked.outstanding) post(posts++);
  };
  crowd.onDelivery = fill;
  fill();
  const rate = await deliveryRate(asked);
  crowd.onDelivery = () => undefined;
  return rate;
}

/** Deliveries/s of whatever comes: the most that this process can count, where the server does nothing but write. */
function listen(asked: { warm: number; seconds: number }): Promise<number> {
  return deliveryRate(asked);
}

function deliveryRate(asked: { warm: number; seconds: number }): Promise<number> {
  return rateOf(() => crowd.total, asked);
}

async function rateOf(count: () => number, { warm, seconds }: { warm: number; seconds: number }): Promise<number> {
  await sleep(warm * 1_000);
  const [from, began] = [count(), performance.now()];
  await sleep(seconds * 1_000);
  return ((count() - from) * 1_000) / (performance.now() - began);
}

interface Pace {
  /** Receivers, without the one that reads. */
  count: number;
  /** Posts/s. */
  rate: number;
  warm: number;
  seconds: number;
  /** Seconds that what is late may still come. */
  drain: number;
}

/** Posts at a steady rate, whatever comes back. Right after `gather`, as the posts are told apart by their place. */
async function pace({ count, rate, warm, seconds, drain }: Pace): Promise<Latency> {
  const before = Math.round(rate * warm);
  const posts = before + Math.round(rate * seconds);
  const arrivals = { posts, at: new Float64Array(posts * count) };
  crowd.arrivals = arrivals;
  const sentAt = await steady(rate, posts);
  const took = performance.now() - (sentAt[before] as number);
  await quiet(drain);
  crowd.arrivals = undefined;
  const sent = ((posts - before) * 1_000) / took;
  return { ...latencyOf({ at: arrivals.at, order: crowd.order, sentAt, before, end: performance.now() }), sent };
}

/** Sends what is due about each millisecond. Returns when each post was written. */
async function steady(rate: number, posts: number): Promise<number[]> {
  const sentAt: number[] = [];
  const began = performance.now();
  while (sentAt.length < posts) {
    const due = Math.min(posts, Math.floor(((performance.now() - began) * rate) / 1_000));
    while (sentAt.length < due) {
      sentAt.push(performance.now());
      post(sentAt.length - 1);
    }
    await sleep(1);
  }
  return sentAt;
}

/** Waits until nothing more comes for half a second, `seconds` at most. */
async function quiet(seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  for (let before = -1; before !== crowd.total && performance.now() < end;) {
    before = crowd.total;
    await sleep(500);
  }
}

function post(number: number): void {
  const among = crowd.posters.length > 0 ? crowd.posters : crowd.sockets;
  const poster = among[number % Math.min(POSTERS, among.length)] as RawSocket;
  poster.send(postFrame(crowd.site, number));
}

const RUN = Date.now().toString(36);
let clientIds = 0;

function postFrame(site: Site, number: number): string {
  const text = String(number).padStart(10, '0').padEnd(POST_BYTES, 'x');
  return site.post.replace('TEXT', text).replace('CLIENT', `${RUN}-${process.pid}-${++clientIds}`);
}

interface Acknowledge {
  site: Site;
  /** Posters, each with one post under way. */
  count: number;
  warm: number;
  seconds: number;
}

/** Acknowledged posts/s, the warm-up left out. */
async function acknowledge({ site, count, warm, seconds }: Acknowledge): Promise<number> {
  let done = 0;
  let open = true;
  const poster = async (index: number): Promise<RawSocket> => {
    let mine = 0;
    const onRead = (acknowledged: number): void => {
      for (; mine < acknowledged; mine++) {
        done++;
        if (open) socket.send(postFrame(site, done));
      }
    };
    const socket = await openSocket({ site, token: tokenOf(site, index), mark: site.acknowledgement, onRead });
    return socket;
  };
  const posters = await Promise.all(Array.from({ length: count }, (_, index) => poster(index)));
  for (const [index, socket] of posters.entries()) socket.send(postFrame(site, index));
  const rate = await rateOf(() => done, { warm, seconds });
  open = false;
  await sleep(200);
  for (const socket of posters) socket.close();
  return rate;
}

function part(): void {
  for (const socket of [...crowd.sockets, ...crowd.posters]) socket.close();
  crowd.sockets = [];
  crowd.posters = [];
}
