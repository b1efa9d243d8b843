import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import pino from 'pino';
import { LIMITS } from '#core/limits.ts';
import type { MailWriter } from '#core/mail.ts';
import { smtpMailer } from '#mail/mailer.ts';
import { insertMail, takeMails } from '#storage/mail-outbox.ts';
import type { Storage } from '#storage/storage.ts';
import { freshStorage } from '#test/contracts/fixtures.ts';
import { startMail, type MailServer } from '#test/simulators/mail/index.ts';
import { eventually } from '#test/support/wait.ts';
import { mailOut, type MailOutPart } from './mail-out.ts';

let server: MailServer;
before(async () => (server = await startMail()));
beforeEach(() => {
  server.mode = 'takes';
  server.mails.length = 0;
  delete server.hold;
});
after(() => server.stop());

describe('a mail that was asked for', () => {
  test('is sent once its commit is done, and is gone from the list then', async (t) => {
    const { storage, ask, open } = await world(t);
    const out = open();
    await ask('one');
    out.wake();
    await arrived(1);
    await eventually('an empty list', () => left(storage, 0));
    assert.deepEqual([server.mails[0]?.subject, server.mails[0]?.to], ['one 1', ['ann@example.org']]);
  });

  test('waits while the server is away or full, and is made anew for each try', async (t) => {
    const { storage, ask, open, clock } = await world(t);
    const out = open();
    server.mode = 'away';
    await ask('one');
    out.wake();
    await eventually('a try', () => tries(storage, 1));
    assert.equal(out.health().state, 'down');
    server.mode = 'full';
    clock.now += LIMITS.mailRetries[0];
    await eventually('another', () => tries(storage, 2));
    server.mode = 'takes';
    out.wake();
    assert.equal(server.mails.length, 0, 'it is not its time');
    clock.now += LIMITS.mailRetries[1];
    await arrived(1);
    assert.equal(server.mails[0]?.subject, 'one 3', 'what it holds was made for this try');
    await eventually('health', () => (out.health().state === 'up' ? true : undefined));
  });

  test('is given up where the server takes none for that address, and those who asked are told why', async (t) => {
    const { storage, ask, open, gaveUp } = await world(t);
    server.mode = 'no';
    await ask('one');
    const out = open();
    await eventually('an empty list', () => left(storage, 0));
    assert.match(gaveUp.join(), /^one: .*takes no mail for that address \(550\)$/);
    assert.equal(out.health().state, 'up', 'the server is well');
  });

  test('is given up when its time is over, however long the server was away', async (t) => {
    const { storage, ask, open, gaveUp, clock } = await world(t);
    await ask('one');
    clock.now += LIMITS.mailTriedMinutes * 60_000;
    open();
    await eventually('an empty list', () => left(storage, 0));
    assert.deepEqual([gaveUp, server.mails.length], [['one: it was tried for too long'], 0]);
  });

  test('that nobody needs any more is not sent', async (t) => {
    const { storage, ask, open } = await world(t);
    await ask('nobody');
    open();
    await eventually('an empty list', () => left(storage, 0));
    assert.equal(server.mails.length, 0);
  });

  test('is sent by another process when the one that had it in hand was killed', async (t) => {
    const { storage, ask, open, clock } = await world(t);
    await ask('one');
    // The one that took it is killed before it sends, or after, before it could say so.
    await storage.write((tx) => takeMails(tx.db, { at: clock.now, limit: 9 }));
    const out = open();
    out.wake();
    await ask('two');
    await arrived(1);
    assert.equal(server.mails[0]?.subject, 'two 1', 'nobody sends what another has in hand');
    clock.now += LIMITS.mailTakenFor;
    await arrived(2);
    assert.equal(server.mails[1]?.subject, 'one 2');
  });

  test('is sent beside another that a slow server keeps', async (t) => {
    const { ask, open } = await world(t);
    const out = open();
    const slow = Promise.withResolvers<void>();
    t.after(() => slow.resolve());
    server.hold = (subject) => (subject.startsWith('slow') ? slow.promise : Promise.resolve());
    await ask('slow');
    out.wake();
    await ask('quick');
    await arrived(1);
    assert.match(server.mails[0]?.subject ?? '', /^quick/);
  });
});

interface World {
  storage: Storage;
  clock: { now: number };
  gaveUp: string[];
  ask(words: string): Promise<unknown>;
  open(): MailOutPart;
}

async function world(t: TestContext): Promise<World> {
  const storage = await freshStorage(t);
  const clock = { now: 1_000_000 };
  const gaveUp: string[] = [];
  let made = 0;
  const writer: MailWriter = {
    async make({ ref }) {
      if (ref['words'] === 'nobody') return undefined;
      made += 1;
      return { to: 'ann@example.org', subject: `${ref['words']} ${made}`, text: 'Words', html: '<p>Words</p>' };
    },
    async gaveUp({ ref }, why) {
      gaveUp.push(`${ref['words']}: ${why}`);
    },
  };
  return {
    storage,
    clock,
    gaveUp,
    ask: (words) => storage.write((tx) => insertMail(tx.db, { kind: 'test', ref: { words }, at: clock.now })),
    open() {
      const mailer = smtpMailer({ url: server.url, from: 'hall@example.org' });
      const logger = pino({ level: 'silent' });
      const out = mailOut({ storage, clock: () => clock.now, logger, mailer, writers: { test: writer } });
      t.after(() => out.stop(0));
      return out;
    },
  };
}

function arrived(count: number): Promise<true> {
  return eventually(`${count} mails`, () => (server.mails.length === count ? true : undefined));
}

async function left(storage: Storage, count: number): Promise<true | undefined> {
  const rows = await storage.db.selectFrom('mail_outbox').select('id').execute();
  return rows.length === count ? true : undefined;
}

async function tries(storage: Storage, count: number): Promise<true | undefined> {
  const row = await storage.db.selectFrom('mail_outbox').select('tries').executeTakeFirst();
  return row?.tries === count ? true : undefined;
}
