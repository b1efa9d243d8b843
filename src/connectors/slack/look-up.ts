import type { PlatformLog } from '#core/platform.ts';
import type { Sending } from './deliver.ts';
import { type DirectMessages, isRefused } from './direct-messages.ts';
import { METADATA, type SlackMessage } from './slack.external.ts';
import { TEXTS } from './texts.ts';
import type { WebApi } from './web-api.ts';

export interface LookUpOptions {
  api: WebApi;
  direct: DirectMessages;
  log: PlatformLog;
}

/**
 * Whether a part is in Slack already, by the metadata of messages and the names of files since the question. What one person
 * alone sees in a channel leaves no trace to look for. Throws `CallFailed` where it may be known later.
 */
export function lookUp({ api, direct, log }: LookUpOptions): (sending: Sending) => Promise<boolean> {
  async function search({ place, isPrivate }: Sending, wanted: string): Promise<boolean> {
    const { channel, thread: ts } = await direct.placeOf(place, isPrivate);
    const method = ts === undefined ? 'conversations.history' : 'conversations.replies';
    const args = { channel, ts, oldest: place.since, limit: PAGE, include_all_metadata: true };
    let cursor: string | undefined;
    for (let page = 0; page < PAGES; page++) {
      const answer: Page = await api.call<Page>(method, { ...args, cursor });
      if (answer.messages.some((message) => isNamed(message, wanted))) return true;
      cursor = answer.response_metadata?.next_cursor || undefined;
      if (cursor === undefined) return false;
    }
    return false;
  }

  return async (sending) => {
    const { part, name, place, isPrivate } = sending;
    const isFile = 'bytes' in part;
    if (isPrivate && !place.direct && !isFile) return false;
    try {
      return await search(sending, isFile ? part.name : name);
    } catch (error) {
      if (!isRefused(error)) throw error;
      const { code, needed } = error;
      log.warn({ platform: 'slack', code, part: name, ...(needed && { needed }) }, TEXTS.log.noLookUp);
      return false;
    }
  };
}

/** Messages a page; 1,000 in all: where more was said since, the answer is old news. */
const PAGE = 200;
const PAGES = 5;

interface Page {
  messages: SlackMessage[];
  response_metadata?: { next_cursor?: string };
}

function isNamed({ metadata, files }: SlackMessage, wanted: string): boolean {
  if (metadata?.event_type === METADATA && metadata.event_payload?.part === wanted) return true;
  return files?.some(({ name }) => name === wanted) ?? false;
}
