import type { PlatformHealth, PlatformLog, PlatformState } from '#core/platform.ts';
import { TEXTS } from './texts.ts';

/** A setting that holds a token; `added`: of a workspace that a community added. */
export type TokenName = 'SLACK_BOT_TOKEN' | 'SLACK_APP_TOKEN' | 'added';

/** How things stand with Slack: the link, the tokens, when it was last heard, and what went through. */
export class Standing {
  readonly counts: PlatformHealth['counts'];
  readonly #log: PlatformLog;
  /** Refused tokens and the sentence about each. */
  readonly #tokens = new Map<TokenName, string>();
  #state: PlatformState = 'starting';
  #why: string | undefined = TEXTS.starting;
  #heardAt: number | undefined;

  /** `counts`: of the others that are counted with it. */
  constructor(log: PlatformLog, counts = { received: 0, sent: 0, refused: 0 }) {
    this.#log = log;
    this.counts = counts;
  }

  heard(at: number): void {
    this.#heardAt = at;
  }

  up(): void {
    if (this.#state !== 'up') this.#log.info({ platform: 'slack' }, TEXTS.log.connected);
    this.#state = 'up';
    this.#why = undefined;
  }

  /** Anything but up. Logged where it is another reason than before. */
  is(state: 'silent' | 'down', why: string, code?: string): void {
    if (this.#why !== why) this.#log.warn({ platform: 'slack', state, ...(code !== undefined && { code }) }, why);
    this.#state = state;
    this.#why = why;
  }

  stopped(): void {
    this.#state = 'down';
    this.#why = TEXTS.stopped;
  }

  /** Slack will not have a token. */
  tokenRefused(setting: TokenName, code: string): void {
    const why = setting === 'added' ? TEXTS.addedToken(code) : TEXTS.token(setting, code);
    if (this.#tokens.get(setting) === why) return;
    this.#tokens.set(setting, why);
    this.#log.error({ platform: 'slack', setting, code }, why);
  }

  tokenTaken(setting: TokenName): void {
    if (this.#tokens.size > 0) this.#tokens.delete(setting);
  }

  /** How what brings the events stands, whatever became of the bot's token. */
  link(): Pick<PlatformHealth, 'state'> & { why: string | undefined } {
    const refused = this.#tokens.get('SLACK_APP_TOKEN');
    return refused === undefined ? { state: this.#state, why: this.#why } : { state: 'refused', why: refused };
  }

  health(waiting: number): PlatformHealth {
    const [refused] = this.#tokens.values();
    const why = refused ?? this.#why;
    return {
      platform: 'slack',
      state: refused === undefined ? this.#state : 'refused',
      ...(why !== undefined && { why }),
      ...(this.#heardAt !== undefined && { heardAt: this.#heardAt }),
      waiting,
      counts: { ...this.counts },
    };
  }
}
