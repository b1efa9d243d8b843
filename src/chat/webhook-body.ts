import { badRequest } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { Picture, Table } from '#core/message.ts';
import { pictureData } from '#core/picture-data.ts';
import { pictureSize } from '#core/picture-size.ts';
import { checkText } from './post-message.ts';
import { wordsOfSlack, type SlackBody } from './slack-body.ts';

/** What a program sends: our own words, or the body that Slack's webhooks take. */
export interface WebhookBody extends SlackBody {
  table?: Table | undefined;
  picture?: { data: string; alt: string } | undefined;
}

export interface WebhookPost {
  text: string;
  table?: Table;
  pictures?: Picture[];
}

/** Reads a body. What was written for Slack is cut where it is too long, as its sender cannot know our measure. */
export function readWebhookBody(body: WebhookBody): WebhookPost {
  const { table, picture } = body;
  const words = wordsOfSlack(body);
  const text = body.blocks || body.attachments ? shortened(words) : words;
  if (table) checkTable(table);
  const pictures = picture && [readPicture(picture)];
  if (text.trim() === '' && !table && !pictures) checkText('');
  return {
    text: text.trim() === '' ? '' : checkText(text),
    ...(table && { table }),
    ...(pictures && { pictures }),
  };
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= LIMITS.messageText ? text : `${characters.slice(0, LIMITS.messageText - 1).join('')}…`;
}

function checkTable({ columns, rows }: Table): void {
  if (rows.some((row) => row.length !== columns.length))
    throw badRequest('bad-table', `Every row of the table needs ${columns.length} cells, one for each column.`);
}

/** The picture itself: an address is refused, as the hall fetches nothing that a stranger names. */
function readPicture({ data, alt }: { data: string; alt: string }): Picture {
  const found = pictureData(data);
  const size = found && pictureSize(found.bytes);
  if (!found || !size)
    throw badRequest(
      'bad-picture',
      'The picture is sent itself, as data:image/png;base64,… or a JPEG or GIF. Addresses are not fetched.',
    );
  if (found.bytes.length > LIMITS.webhookPicture)
    throw badRequest('picture-too-large', `A picture has at most ${LIMITS.webhookPicture / 1024} KiB.`);
  return { url: data, alt, ...size };
}
