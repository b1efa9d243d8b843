import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { layOutMail } from '#core/mail-layout.ts';
import { readAddress, type Mail } from '#core/mail.ts';
import { startMail, type MailServer } from '#test/simulators/mail/index.ts';
import { eventually } from '#test/support/wait.ts';
import { pageMailer, smtpMailer } from './mailer.ts';
import { openPost, type Post } from './smtp.ts';

const MAIL: Mail = { to: 'ann@example.org', subject: 'Hello', text: 'Words', html: '<p>Words</p>' };
let server: MailServer;
let post: Post;

before(async () => {
  server = await startMail();
  post = openPost(server.url, 'Hall <hall@example.org>');
});
beforeEach(() => {
  server.mode = 'takes';
  server.mails.length = 0;
});
after(async () => {
  post.close();
  await server.stop();
});

describe('a mail server', () => {
  test('that takes a mail has it as it was written', async () => {
    assert.equal(await post.check(), undefined);
    assert.equal(await post.send(MAIL), undefined);
    assert.deepEqual([server.mails[0]?.to, server.mails[0]?.text.trim()], [['ann@example.org'], 'Words']);
  });

  test('that is full or away is asked again; one that knows no such person is not, and is well itself', async () => {
    server.mode = 'full';
    assert.equal((await post.send(MAIL))?.forGood, false);
    server.mode = 'away';
    assert.equal((await post.send(MAIL))?.forGood, false);
    server.mode = 'no';
    const { forGood, ofAddress, why } = (await post.send(MAIL)) ?? {};
    assert.deepEqual([forGood, ofAddress], [true, true]);
    assert.ok(!why?.includes('ann@'), why);
  });

  test('that is not there is said to be away', async () => {
    const nobody = openPost('smtp://127.0.0.1:9', 'hall@example.org');
    assert.match((await nobody.check()) ?? '', /^127\.0\.0\.1:9 does not answer/);
    nobody.close();
  });

  test('on another machine that offers no encryption gets nothing', async () => {
    // An address that is not loopback's own, and leads here all the same.
    const far = openPost(server.url.replace('127.0.0.1', '0.0.0.0'), 'hall@example.org');
    assert.notEqual(await far.send(MAIL), undefined);
    assert.equal(server.mails.length, 0);
    far.close();
  });

  test('is told by its health, before any mail and with each', async (t) => {
    const mailer = smtpMailer({ url: 'smtp://127.0.0.1:9', from: 'hall@example.org' });
    const well = smtpMailer({ url: server.url, from: 'hall@example.org' });
    t.after(() => [mailer, well].forEach((one) => one.stop()));
    await eventually('down', () => (mailer.health().state === 'down' ? true : undefined));
    server.mode = 'no';
    assert.equal((await well.deliver(MAIL))?.ofAddress, true);
    assert.equal(well.health().state, 'up');
    server.mode = 'full';
    await well.deliver(MAIL);
    assert.equal(well.health().state, 'down');
    server.mode = 'takes';
    assert.equal(await well.deliver(MAIL), undefined);
    assert.equal(well.health().state, 'up');
  });
});

test('the demo keeps the last fifty mails for its page, newest first', async () => {
  const mailer = pageMailer();
  for (let n = 0; n < 60; n++) await mailer.deliver({ ...MAIL, subject: `${n}` });
  assert.deepEqual([mailer.sent?.().length, mailer.sent?.()[0]?.subject], [50, '59']);
});

test('a mail says the same in plain words and as a page, and nothing that people chose is markup in it', () => {
  const button = { label: 'Go', url: 'https://hall.example/reset/x?a=1&b=2' };
  const from = '<b>Our</b> "Hall"';
  const { text, html } = layOutMail({
    to: 'a@b.example',
    from,
    host: 'hall.example',
    subject: 'Subject',
    hello: 'Hello <i>Ann</i>',
    words: ['word '.repeat(40).trim()],
    button,
    unless: 'Unless.',
    small: 'Small.',
  });
  assert.ok(text.split('\n').every((line) => line.length <= 72 || line.includes(button.url)));
  assert.ok(text.includes(`\n  ${button.url}\n`));
  assert.ok(!html.includes('<b>Our') && !html.includes('<i>Ann') && html.includes('a=1&amp;b=2'));
});

test('an address is known by its form', () => {
  for (const good of ['ann@example.org', ' Ann.Lee+x@sub.example.org ', 'jörg@müller.example'])
    assert.ok(readAddress(good), good);
  for (const bad of [
    '',
    'ann',
    'ann@x',
    '@x.example',
    'a@b@c.example',
    'a b@x.example',
    'a@x.example,',
    `${'x'.repeat(65)}@x.example`,
  ])
    assert.equal(readAddress(bad), undefined, bad);
});
