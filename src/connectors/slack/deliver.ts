import { type DirectMessages, isRefused } from './direct-messages.ts';
import { AWAY_CODES, KEPT, METADATA, RESPONSE_URL } from './slack.external.ts';
import { TEXTS } from './texts.ts';
import type { Arguments, WebApi } from './web-api.ts';
import type { File, Part, Place, Words } from './write.ts';

/** One part on its way. `name` is what a repeat finds it by. */
export interface Sending {
  part: Part;
  name: string;
  place: Place;
  isPrivate: boolean;
  /** Say where a private file went. */
  hint: boolean;
}

export interface DeliveryOptions {
  api: WebApi;
  direct: DirectMessages;
  clock(): number;
}

/** Puts parts of answers into Slack, each by the way that its place and its privacy need. */
export class Delivery {
  readonly #api: WebApi;
  readonly #direct: DirectMessages;
  readonly #clock: () => number;
  /** How often each response_url was used. Two generations, as an old entry is costly to find in a map that turns over fast. */
  #uses = new Map<string, number>();
  #olderUses = new Map<string, number>();

  constructor({ api, direct, clock }: DeliveryOptions) {
    this.#api = api;
    this.#direct = direct;
    this.#clock = clock;
  }

  /** Throws `CallFailed`. */
  deliver(sending: Sending): Promise<void> {
    const { part, place, isPrivate, name } = sending;
    if ('bytes' in part) return this.#share(part, sending);
    return isPrivate && !place.direct ? this.#whisper(part, place) : this.#say(part, place, name);
  }

  /** Tells the asker alone, by a way that is open. Never throws; false where there was none. */
  async tell(place: Place, text: string, isAway: boolean): Promise<boolean> {
    const apart = { ...place, channel: undefined, thread: undefined, url: undefined };
    const ways = [() => this.#whisper({ text }, place), () => this.#say({ text }, apart, NOTICE)];
    if (place.direct || (isAway && this.#addressOf(place) === undefined)) ways.shift();
    for (const way of ways) if (await worked(way())) return true;
    return false;
  }

  /** For everybody in the channel. Where the bot is no member, a slash command can be answered all the same. */
  async #say(words: Words, place: Place, name: string): Promise<void> {
    const channel = place.channel ?? (await this.#direct.with(place.user));
    const metadata = { event_type: METADATA, event_payload: { part: name } };
    try {
      await this.#post('chat.postMessage', words, { channel, thread_ts: place.thread, metadata });
    } catch (error) {
      const url = this.#addressOf(place);
      if (!isRefused(error) || !AWAY_CODES.has(error.code) || url === undefined) throw error;
      if (!(await this.#respond(url, 'in_channel', words))) throw error;
    }
  }

  /** For the asker alone. */
  async #whisper(words: Words, place: Place): Promise<void> {
    const url = this.#addressOf(place);
    if (url !== undefined && (await this.#respond(url, 'ephemeral', words))) return;
    const { channel, user, thread } = place;
    await this.#post('chat.postEphemeral', words, { channel, user, thread_ts: thread });
  }

  /** Where Slack cannot get a picture from the web, its link has to do. */
  async #post(method: string, { text, blocks }: Words, to: Arguments): Promise<void> {
    try {
      await this.#api.call(method, { ...to, text, blocks, unfurl_links: false, unfurl_media: false });
    } catch (error) {
      if (!blocks || !isRefused(error) || error.code !== 'invalid_blocks') throw error;
      await this.#post(method, { text }, to);
    }
  }

  /** False where the address is spent. */
  async #respond(url: string, type: 'in_channel' | 'ephemeral', { text, blocks }: Words): Promise<boolean> {
    this.#use(url);
    try {
      await this.#api.respond(url, { response_type: type, replace_original: false, text, blocks });
      return true;
    } catch (error) {
      if (!isRefused(error)) throw error;
      return blocks ? this.#respond(url, type, { text }) : false;
    }
  }

  /** A file cannot be shown to one person in a channel: a private one goes by direct message. */
  async #share(file: File, { place, isPrivate, hint }: Sending): Promise<void> {
    const { channel, thread, isApart } = await this.#direct.placeOf(place, isPrivate);
    const { upload_url: url, file_id: id } = await this.#api.call<{ upload_url: string; file_id: string }>(
      'files.getUploadURLExternal',
      { filename: file.name, length: file.bytes.length, alt_txt: file.alt },
    );
    await this.#api.upload(url, file.bytes);
    const files = [{ id, title: file.title || file.name }];
    await this.#api.call('files.completeUploadExternal', { files, channel_id: channel, thread_ts: thread });
    if (isApart && hint) await worked(this.#whisper({ text: TEXTS.fileByDirectMessage }, place));
  }

  #addressOf({ url, urlUntil }: Place): string | undefined {
    if (url === undefined || this.#clock() >= urlUntil) return undefined;
    return this.#usesOf(url) < RESPONSE_URL.uses ? url : undefined;
  }

  #usesOf(url: string): number {
    return this.#uses.get(url) ?? this.#olderUses.get(url) ?? 0;
  }

  #use(url: string): void {
    this.#uses.set(url, this.#usesOf(url) + 1);
    if (this.#uses.size >= KEPT) [this.#uses, this.#olderUses] = [new Map(), this.#uses];
  }
}

/** Stands in a notice's metadata where an answer has its part. */
const NOTICE = 'notice';

const worked = (done: Promise<void>): Promise<boolean> =>
  done.then(
    () => true,
    () => false,
  );
