import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiver } from '#bot/receive-message.ts';
import { memoryBus } from '#bus/memory.ts';
import { freshStorage, roomOf, somebody } from '#test/contracts/fixtures.ts';
import { formsIn } from '#test/support/canary.ts';
import { CANARY, keepKey, KEY, keyPair, noVault } from '#test/support/keep-key.ts';
import { webchatConnector } from './index.ts';

test('a key is kept nowhere while the vault is away, and who typed it is told so', async (t) => {
  const storage = await freshStorage(t);
  const ann = await somebody(storage, 'ann');
  const { id: room } = await roomOf(storage, ann);
  const chat = { storage, bus: memoryBus(), clock: Date.now };
  const commands = new Map([['keep-key', keepKey()]]);
  const { post } = webchatConnector(chat, { receive: receiver(storage), commands, seal: noVault });
  await assert.rejects(post(ann, { room, text: `/keep-key mine ${KEY}` }), { status: 503, code: 'vault-away' });
  for (const table of ['inbox', 'outbox', 'answers', 'messages'] as const)
    assert.deepEqual(await storage.db.selectFrom(table).selectAll().execute(), [], table);
});

test('a key behind a slash and a blank, or in a block of code, is not shown to the room', async (t) => {
  const storage = await freshStorage(t);
  const ann = await somebody(storage, 'ann');
  const { id: room } = await roomOf(storage, ann);
  const chat = { storage, bus: memoryBus(), clock: Date.now };
  const commands = new Map([['keep-key', keepKey()]]);
  const { seal } = await keyPair();
  const { post } = webchatConnector(chat, { receive: receiver(storage), commands, seal });
  for (const text of [`/ keep-key mine ${KEY}`, `//keep-key mine ${KEY}`, `\`/keep-key mine ${KEY}\``])
    assert.ok('command' in (await post(ann, { room, text })), text);
  const kept = [
    await storage.db.selectFrom('messages').selectAll().execute(),
    await storage.db.selectFrom('outbox').selectAll().execute(),
    await storage.db.selectFrom('inbox').selectAll().execute(),
  ];
  assert.deepEqual(kept[0], []);
  assert.deepEqual(formsIn(CANARY, JSON.stringify(kept)), []);
});
