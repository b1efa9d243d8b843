import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTransport } from 'nodemailer';
import { startMail } from './index.ts';

test('mail is taken, kept, and read as it was written', async (t) => {
  const server = await startMail({ user: { name: 'hall', password: 'p@ss:w' } });
  t.after(() => server.stop());
  const words = `Grüße — ${'a long line '.repeat(20)}= 100 %41`;
  const sender = createTransport(server.url);
  await sender.sendMail({ from: 'a@b.example', to: 'c@d.example', subject: 'Hello', text: words, html: '<p>x</p>' });
  const [mail] = server.mails;
  assert.deepEqual(
    [mail?.from, mail?.to, mail?.subject, mail?.text.trim()],
    ['a@b.example', ['c@d.example'], 'Hello', words],
  );
  const stranger = createTransport(server.url.replace('hall:', 'other:'));
  await assert.rejects(stranger.sendMail({ from: 'a@b.example', to: 'c@d.example', text: 'x' }), { code: 'EAUTH' });
});
