import { setTimeout as pause } from 'node:timers/promises';
import { type Act, type History, type Kept, markOf } from '#test/support/fault-history/history.ts';
import { neverTold } from '#test/support/fault-history/check.ts';
import { randomFrom } from './random.ts';
import { ChatClient, doAct, PAGE, readMessages } from './chat-client.ts';
import type { Ask, WebPlan, WebState } from './web-load.ts';

/** The program in which the clients of a run live; it is told what to do by its parent, one thing after the other. */
class WebClients {
  readonly #plan: WebPlan;
  readonly #clients: ChatClient[];
  readonly #history: History = { acts: [], readings: [], told: [], wrong: [] };
  /** By room, then by number. */
  readonly #shown = new Map<string, string[]>();
  readonly #random: () => number;
  #quiet = false;
  #left = false;

  constructor(plan: WebPlan) {
    this.#plan = plan;
    this.#random = randomFrom(plan.seed);
    const { acts: _acts, ...seen } = this.#history;
    const recorder = {
      reading: (one: History['readings'][number]) => void seen.readings.push(one),
      told: (one: History['told'][number]) => void seen.told.push(one),
      wrong: (sentence: string) => void seen.wrong.push(sentence),
      shows: (room: string, seq: number, text: string) => this.#shows(room, seq, text),
    };
    this.#clients = Array.from({ length: plan.clients }, (_, n) => {
      const [room, token] = [plan.rooms[n % plan.rooms.length], plan.tokens[n % plan.tokens.length]];
      const turn = Math.floor(n / plan.rooms.length);
      return new ChatClient(
        { name: `client-${n}`, room: String(room), token: String(token), halls: plan.halls, turn },
        recorder,
      );
    });
  }

  begin(): void {
    for (const client of this.#clients) {
      void client.run();
      void this.#live(client);
    }
  }

  state(): WebState {
    const { acts } = this.#history;
    const last = new Map<string, number>();
    for (const { room, last: seq } of this.#clients) last.set(room, Math.max(last.get(room) ?? 0, seq));
    return {
      acts: acts.length,
      acknowledged: acts.filter(({ outcome }) => outcome === 'ok').length,
      open: acts.filter(({ outcome, ended }) => outcome === 'unknown' && ended === Infinity).length,
      untold: neverTold(this.#history).length,
      caughtUp: this.#clients.filter((one) => one.last === last.get(one.room)).length,
    };
  }

  quiet(): void {
    this.#quiet = true;
  }

  async end(): Promise<{ history: History; kept: Kept[] }> {
    this.#left = true;
    for (const client of this.#clients) client.close();
    const { halls, rooms } = this.#plan;
    const kept: Kept[] = [];
    for (const room of rooms)
      for (const hall of halls) kept.push({ hall, room, messages: await this.#keptIn(hall, room) });
    this.#compare(kept);
    return { history: this.#history, kept };
  }

  /** One act after the other, at a pace that chance varies. */
  async #live(client: ChatClient): Promise<void> {
    const { everyMs } = this.#plan;
    await pause(this.#random() * everyMs);
    while (!this.#quiet) {
      await this.#act(client);
      await pause(everyMs * (0.5 + this.#random()));
    }
  }

  async #act(client: ChatClient): Promise<void> {
    const { acts } = this.#history;
    const mark = markOf(acts.length);
    const kind = kindOf(this.#random());
    const [began, ended] = [performance.now(), Infinity];
    const act: Act = { kind, client: client.name, room: client.room, mark, began, ended, outcome: 'unknown' };
    acts.push(act);
    // Some give up as soon as they do not know: then it is there once or not at all.
    const patient = this.#random() > GIVE_UP;
    const open: Act = { ...act };
    await doAct(client, open, { text: textOf(act), goOn: () => !this.#left && (patient || open.ended === Infinity) });
    Object.assign(act, open, { ended: open.ended === Infinity ? performance.now() : open.ended });
  }

  #shows(room: string, seq: number, text: string): void {
    const there = this.#shown.get(room) ?? [];
    this.#shown.set(room, there);
    const before = (there[seq] ??= text);
    if (before !== text)
      this.#history.wrong.push(`${room}: ${seq} is "${text}" for one client, "${before}" for another`);
  }

  #compare(kept: Kept[]): void {
    for (const { hall, room, messages } of kept)
      for (const { seq, text } of messages) {
        const shown = this.#shown.get(room)?.[seq] ?? text;
        if (shown !== text)
          this.#history.wrong.push(`${room}: ${seq} was shown as "${shown}" and is "${text}" at ${hall}`);
      }
  }

  async #keptIn(hall: string, room: string): Promise<Kept['messages']> {
    const all: Kept['messages'] = [];
    for (;;) {
      const path = `/v1/rooms/${room}/messages?limit=${PAGE}&after=${all.at(-1)?.seq ?? 0}`;
      const page = await readMessages(hall + path, String(this.#plan.tokens[0]));
      all.push(...page.map(({ seq, text, author }) => ({ seq, text, bot: author.kind === 'bot' })));
      if (page.length < PAGE) return all;
    }
  }
}

/** Most say something; some ask for a quote, which takes a worker, and some for help, which does not. */
function kindOf(chance: number): Act['kind'] {
  if (chance < 0.06) return 'stock';
  return chance < 0.12 ? 'help' : 'post';
}

function textOf({ kind, client, mark }: Act): string {
  return kind === 'post' ? `${client} says ${mark}` : `/${kind} ${mark}`;
}

/** How many of those who were not told do not ask again. */
const GIVE_UP = 0.2;

let clients: WebClients | undefined;

async function obey(what: Ask | WebPlan): Promise<unknown> {
  if (typeof what === 'object') {
    clients = new WebClients(what);
    return clients.begin();
  }
  return clients?.[what]();
}

process.on('message', (what: Ask | WebPlan) => {
  obey(what).then(
    (done) => process.send?.({ done }),
    (error: Error) => process.send?.({ failed: String(error.stack) }),
  );
});
process.on('disconnect', () => process.exit(0));
