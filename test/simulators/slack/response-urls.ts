import { randomBytes } from 'node:crypto';
import { blockText, wrongBlocks } from './blocks.ts';
import type { Messages } from './messages.ts';
import { violations } from './texts.ts';
import { sentText } from './typed.ts';
import type { Channel, Kept, SlackOptions, Wire } from './wire.ts';
import { botFields, keep, keepNewest, type Workspace } from './workspace.ts';

interface Place {
  channel: Channel;
  person: string;
  /** The trigger id of the command or button press. */
  answers: string;
  /** The message whose button was pressed. */
  source?: Kept;
}

interface Answer {
  status: number;
  body: Wire;
}

const USES = 5;

/** Addresses at which a command can be answered: five times, within 30 minutes. */
export class ResponseUrls {
  /** The address of the stand-in, known once it listens. */
  base = '';
  readonly #workspace: Workspace;
  readonly #messages: Messages;
  readonly #lifeMs: number;
  readonly #open = new Map<string, Place & { pressed: boolean; until: number; uses: number }>();

  constructor(workspace: Workspace, messages: Messages, options: SlackOptions) {
    this.#workspace = workspace;
    this.#messages = messages;
    this.#lifeMs = options.responseUrlMs;
  }

  open(place: Place): string {
    const path = `/commands/${this.#workspace.team.id}/${Date.now()}/${randomBytes(12).toString('base64url')}`;
    const pressed = place.source !== undefined;
    this.#open.set(path, { ...place, pressed, until: Date.now() + this.#lifeMs, uses: 0 });
    keepNewest(this.#open);
    return this.base + path;
  }

  /** A POST to such an address. */
  use(path: string, body: unknown): Answer {
    const place = this.#open.get(path);
    if (!place) return { status: 404, body: { ok: false, error: 'invalid_url' } };
    if (Date.now() > place.until || place.uses >= USES) {
      keep(this.#workspace.violations, violations.used(path));
      return { status: 404, body: { ok: false, error: place.uses >= USES ? 'used_url' : 'expired_url' } };
    }
    const says = wrongMessage(body);
    if (says) return this.#refuse(says);
    place.uses += 1;
    this.#answer(place, body as Wire);
    return { status: 200, body: { ok: true } };
  }

  /** The message that an acknowledgement carried: it does not count as a use. */
  answer(url: string, message: Wire): void {
    const place = this.#open.get(url.slice(this.base.length));
    if (place && !wrongMessage(message)) this.#answer(place, message);
  }

  #refuse(says: string): Answer {
    keep(this.#workspace.violations, violations.responseUrl(says));
    return { status: 400, body: { ok: false, error: says } };
  }

  /** Replaces or deletes the message whose button was pressed, else the last answer; where there is none, it adds one. */
  #answer(place: Place & { pressed: boolean }, body: Wire): void {
    const { channel } = place;
    const target = place.source;
    if (body.delete_original === true && target) return void this.#messages.remove(channel, target);
    if (body.replace_original === true && target) {
      return void this.#messages.change(channel, target, changed(body), this.#workspace.bot.id);
    }
    const posted = this.#post(place, body);
    if (!place.pressed) place.source = posted;
  }

  #post({ channel, person, answers }: Place, body: Wire): Kept {
    const { text, ...rest } = changed(body);
    const { user: _user, ...bot } = botFields(this.#workspace.bot);
    const fields = { ...bot, subtype: 'bot_message', ...rest };
    const threadTs = typeof body.thread_ts === 'string' ? { threadTs: body.thread_ts } : {};
    const to = body.response_type === 'in_channel' ? {} : { to: person };
    return this.#messages.post(channel, { text, fields, answers, ...to, ...threadTs });
  }
}

function changed(body: Wire): Wire & { text: string } {
  const blocks = Array.isArray(body.blocks) ? { blocks: body.blocks } : {};
  return { text: sentText(String(body.text ?? '')), ...blocks };
}

function wrongMessage(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'invalid_payload';
  const body = value as Wire;
  if (body.delete_original === true) return undefined;
  if (body.blocks !== undefined && wrongBlocks(body.blocks)) return 'invalid_blocks';
  if (!body.text && !blockText(body.blocks)) return 'no_text';
  return String(body.text ?? '').length > 40_000 ? 'msg_too_long' : undefined;
}
