import { createHash, timingSafeEqual } from 'node:crypto';
import { conflict, unknown } from '#core/errors.ts';
import { newId, newSecret } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import {
  countWebhooks,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  setWebhookSecret,
  touchWebhook,
  type IncomingWebhook,
} from '#storage/incoming-webhooks.ts';
import { announce, enterCommunity, enterRoom, type Chat, type Person } from './chat.ts';
import { present } from './present.ts';
import type { WebhookPost } from './webhook-body.ts';

export type { IncomingWebhook } from '#storage/incoming-webhooks.ts';

/** A webhook with the secret of its address, which is not shown again. */
export interface MadeWebhook {
  webhook: IncomingWebhook;
  secret: string;
}

/** Makes an address that posts in one room under a name, and does nothing else. */
export async function makeWebhook(
  chat: Chat,
  person: Person,
  asked: { community: string; room: string; name: string },
): Promise<MadeWebhook> {
  await enterCommunity(chat, person, asked.community, 'webhook.change');
  const room = await enterRoom(chat, person, asked.room, 'webhook.change');
  if (room.community !== asked.community) throw unknown('room');
  const at = chat.clock();
  const secret = newSecret();
  const { community } = room;
  const made = { id: newId('hook', at), community, room: room.id, name: asked.name, madeAt: at };
  await chat.storage.write(async (tx) => {
    await inTurn(tx.db, `webhooks ${community}`);
    if ((await countWebhooks(tx.db, community)) >= LIMITS.webhooksPerCommunity)
      throw conflict('too-many-webhooks', `A community has at most ${LIMITS.webhooksPerCommunity} webhooks.`);
    await insertWebhook(tx.db, { ...made, madeBy: person.account, secretHash: hashOf(secret) });
    await record(tx.db, {
      community,
      account: person.account,
      action: 'webhook.make',
      subject: made.id,
      detail: made.name,
      place: room.id,
      at,
    });
  });
  return { webhook: { ...made, roomName: room.name, madeBy: person.name, lastUsedAt: null }, secret };
}

/** Webhooks of a community in the rooms that the person may see, newest first. */
export async function seeWebhooks(
  chat: Chat,
  person: Person,
  asked: { community: string; after?: string; limit: number },
): Promise<{ webhooks: IncomingWebhook[]; next?: string }> {
  await enterCommunity(chat, person, asked.community, 'webhook.list');
  const rows = await listWebhooks(chat.storage.db, { ...asked, account: person.account, limit: asked.limit + 1 });
  const webhooks = rows.slice(0, asked.limit);
  const last = webhooks.at(-1);
  return rows.length > asked.limit && last ? { webhooks, next: last.id } : { webhooks };
}

/** Gives the webhook a new secret: the address before it ends at once. */
export async function rotateWebhook(chat: Chat, person: Person, which: Which): Promise<MadeWebhook> {
  const webhook = await find(chat, person, which);
  const secret = newSecret();
  await change(chat, webhook, {
    by: person.account,
    action: 'webhook.rotate',
    act: (db) => setWebhookSecret(db, webhook.id, hashOf(secret)),
  });
  return { webhook, secret };
}

/** Its address ends at once. What it said stays. */
export async function endWebhook(chat: Chat, person: Person, which: Which): Promise<void> {
  const webhook = await find(chat, person, which);
  await change(chat, webhook, {
    by: person.account,
    action: 'webhook.end',
    act: (db) => deleteWebhook(db, webhook.id),
  });
}

/** The webhook that this address names, and nothing about why there is none. */
export async function openWebhook(chat: Chat, id: string, secret: string): Promise<IncomingWebhook> {
  const found = await findWebhook(chat.storage.db, id);
  const fits = timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(found?.secretHash ?? hashOf('')));
  if (!found || !fits) throw unknown('webhook');
  return found;
}

/** Says something under the webhook's name. Nobody is mentioned by it. */
export async function postByWebhook(chat: Chat, webhook: IncomingWebhook, post: WebhookPost): Promise<void> {
  const at = chat.clock();
  const { text, ...more } = post;
  const extra = { ...more, from: { id: webhook.id, name: webhook.name } };
  const draft = { id: newId('msg'), room: webhook.room, author: null, text, clientId: null, createdAt: at };
  const seq = await chat.storage.post({ ...draft, extra });
  if (typeof seq === 'string') throw unknown('webhook');
  const message = present({ ...draft, ...extra, seq, authorName: null, editedAt: null });
  announce(chat, { kind: 'message', room: webhook.room, message });
  if (at - (webhook.lastUsedAt ?? 0) < LIMITS.webhookTouchEvery) return;
  await chat.storage.write((tx) => touchWebhook(tx.db, webhook.id, at));
}

interface Which {
  community: string;
  id: string;
}

/** One of a private room that the person is not in is not theirs to see. */
async function find(chat: Chat, person: Person, { community, id }: Which): Promise<IncomingWebhook> {
  await enterCommunity(chat, person, community, 'webhook.change');
  const found = await findWebhook(chat.storage.db, id);
  if (found?.community !== community) throw unknown('webhook');
  await enterRoom(chat, person, found.room, 'room.read').catch(() => {
    throw unknown('webhook');
  });
  const { secretHash: _hash, ...webhook } = found;
  return webhook;
}

interface Change {
  by: string;
  action: string;
  /** False where it is gone meanwhile. */
  act(db: Parameters<typeof deleteWebhook>[0]): Promise<boolean>;
}

async function change(
  chat: Chat,
  { id, name, community, room }: IncomingWebhook,
  { by, action, act }: Change,
): Promise<void> {
  await chat.storage.write(async (tx) => {
    if (!(await act(tx.db))) throw unknown('webhook');
    await record(tx.db, { community, account: by, action, subject: id, detail: name, place: room, at: chat.clock() });
  });
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
