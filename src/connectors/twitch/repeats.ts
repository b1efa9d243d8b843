/** Twitch drops the line that is the same as the one before in a channel where the bot is nobody special. */
export class Repeats {
  readonly #ms: number;
  readonly #last = new Map<string, { text: string; at: number }>();

  /** `ms`: for how long a line may not be said again. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** The text, or the same with an invisible mark where the channel's last line was just this. */
  unlike(channel: string, text: string, now: number): string {
    const last = this.#last.get(channel);
    const repeats = last !== undefined && last.text === text && now - last.at < this.#ms;
    return repeats ? text + MARK : text;
  }

  said(channel: string, text: string, now: number): void {
    this.#last.set(channel, { text, at: now });
  }
}

/** A blank and a tag character without a picture. */
const MARK = ' \u{E0000}';
