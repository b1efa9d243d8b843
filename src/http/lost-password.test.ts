import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { typedThere } from '#auth/link-codes.ts';
import { createAccount } from '#auth/sign-up.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { openHall, type OpenHall } from '#test/contracts/fixtures.ts';
import { startMail, type MailServer } from '#test/simulators/mail/index.ts';
import { call, PASSWORD, type Answer } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

const NEW = 'another good password';
let mail: MailServer;
let hall: OpenHall;
let names = 0;

before(async () => {
  mail = await startMail({ user: { name: 'hall', password: 'secret' } });
  hall = await openHall({
    SMTP_URL: mail.url,
    MAIL_FROM: 'Our Hall <hall@example.org>',
    PUBLIC_URL: 'https://hall.example.org',
  });
});
after(async () => {
  await hall?.close();
  await mail?.stop();
});
beforeEach(() => {
  mail.mails.length = 0;
  mail.mode = 'takes';
});

describe('an e-mail address', () => {
  test('counts when the link that was mailed to it is opened, and not before', async () => {
    const ann = await person();
    assert.equal((await ann.put('/v1/me/email', { email: ' Ann@Example.org ', password: PASSWORD })).status, 204);
    const { to, text, subject, raw } = await nextMail();
    assert.deepEqual([to, subject], [['ann@example.org'], 'Is this your address?']);
    assert.match(raw, /^From: Our Hall <hall@example\.org>$/im);
    assert.match(raw, /^Auto-Submitted: auto-generated$/im);
    assert.equal(await email(ann), null);
    const link = linkIn(text, 'verify-email');
    assert.equal((await post(`/v1/email-verifications/${link}`)).status, 204);
    assert.equal(await email(ann), 'ann@example.org');
    assert.equal((await post(`/v1/email-verifications/${link}`)).status, 404, 'it works once');
  });

  test('belongs to one account', async () => {
    const [one, other] = [await withEmail('shared@example.org'), await person()];
    await other.put('/v1/me/email', { email: 'shared@example.org', password: PASSWORD });
    const refused = await post(`/v1/email-verifications/${linkIn((await nextMail()).text, 'verify-email')}`);
    assert.deepEqual([refused.status, refused.body['code']], [409, 'email-taken']);
    assert.deepEqual([await email(one), await email(other)], ['shared@example.org', null]);
    assert.equal((await one.drop('/v1/me/email', { password: PASSWORD })).status, 204);
    assert.equal(await email(one), null);
  });

  test('that gives way to another is told', async () => {
    const ann = await withEmail('before@example.org');
    await ann.put('/v1/me/email', { email: 'after@example.org', password: PASSWORD });
    await post(`/v1/email-verifications/${linkIn((await nextMail()).text, 'verify-email')}`);
    const told = await nextMail();
    assert.deepEqual([told.to, told.subject], [['before@example.org'], 'Your address was changed']);
  });

  test('is changed by whoever knows the password, and must be one', async () => {
    const ann = await person();
    for (const body of [{ email: 'x@example.org' }, { email: 'x@example.org', password: 'not my password' }])
      assert.equal((await ann.put('/v1/me/email', body)).body['code'], 'wrong-password');
    for (const bad of [
      'ann',
      'ann@',
      '@example.org',
      'ann@example',
      'a b@example.org',
      'a@b.example, c@d.example',
      'x\r\nBcc: y@z.example',
      '',
    ])
      assert.equal((await ann.put('/v1/me/email', { email: bad, password: PASSWORD })).body['code'], 'bad-email', bad);
    assert.equal(mail.mails.length, 0);
  });
});

describe('a lost password', () => {
  for (const by of ['username', 'email'] as const)
    test(`is set anew by a mailed link, asked for by ${by}; every session ends`, async () => {
      const address = `lost-${by}@example.org`;
      const ann = await withEmail(address);
      const who = by === 'email' ? { email: address.toUpperCase() } : { username: ann.username };
      assert.equal((await post('/v1/password-resets', who)).status, 204);
      const { to, text } = await nextMail();
      assert.deepEqual(to, [address]);
      assert.match(text, /https:\/\/hall\.example\.org\/reset\//);
      const link = linkIn(text, 'reset');
      assert.equal((await post(`/v1/password-resets/${link}`, { password: 'short' })).status, 400);
      assert.equal((await post(`/v1/password-resets/${link}`, { password: NEW })).status, 204);
      assert.equal((await ann.get('/v1/me')).status, 401);
      assert.equal((await signIn(ann.username, PASSWORD)).status, 401);
      assert.equal((await signIn(ann.username, NEW)).status, 201);
      assert.equal((await post(`/v1/password-resets/${link}`, { password: NEW })).status, 404, 'it works once');
    });

  test('of two links the last one works, and both end after half an hour', async () => {
    const { username } = await withEmail('twice@example.org');
    const links = [];
    for (let n = 0; n < 2; n++) {
      await post('/v1/password-resets', { username });
      links.push(linkIn((await nextMail()).text, 'reset'));
    }
    assert.equal((await post(`/v1/password-resets/${links[0]}`, { password: NEW })).status, 404);
    const past = Date.now() - 1;
    await hall.storage.write((tx) => tx.db.updateTable('one_time_codes').set({ expires_at: past }).execute());
    assert.equal((await post(`/v1/password-resets/${links[1]}`, { password: NEW })).status, 404);
  });

  test('whoever asks is told the same, whether there is such a person or not, and no mail goes to strangers', async () => {
    const unverified = await person();
    await unverified.put('/v1/me/email', { email: 'unverified@example.org', password: PASSWORD });
    await nextMail();
    for (const who of [
      { username: 'nobody' },
      { email: 'nobody@example.org' },
      { email: 'no address' },
      { username: unverified.username },
      { email: 'unverified@example.org' },
    ])
      assert.deepEqual(await said(post('/v1/password-resets', who)), [204, '']);
    await post('/v1/password-resets', { username: (await withEmail('somebody@example.org')).username });
    assert.deepEqual((await nextMail()).to, ['somebody@example.org'], 'the first mail that went out');
  });

  test('a link that was mailed to an address before it gave way to another, or was forgotten, sets nothing', async () => {
    for (const goes of ['changed', 'forgotten']) {
      const ann = await withEmail(`${goes}@example.org`);
      await post('/v1/password-resets', { username: ann.username });
      const link = linkIn((await nextMail()).text, 'reset');
      if (goes === 'changed') {
        await ann.put('/v1/me/email', { email: 'newer@example.org', password: PASSWORD });
        await post(`/v1/email-verifications/${linkIn((await nextMail()).text, 'verify-email')}`);
        await nextMail();
      } else await ann.drop('/v1/me/email', { password: PASSWORD });
      assert.equal((await post(`/v1/password-resets/${link}`, { password: NEW })).status, 404, goes);
      assert.equal((await signIn(ann.username, PASSWORD)).status, 201);
    }
  });

  test('whoever took an account over keeps nothing in hand: with a new password every mailed link and code ends', async () => {
    for (const by of ['a change', 'a reset']) {
      const ann = await withEmail(`${by.replace(' ', '-')}@example.org`);
      await ann.put('/v1/me/email', { email: 'thief@example.org', password: PASSWORD });
      const theirs = linkIn((await nextMail()).text, 'verify-email');
      const { body } = await ann.post('/v1/me/identities/codes');
      if (by === 'a reset') {
        await post('/v1/password-resets', { username: ann.username });
        await post(`/v1/password-resets/${linkIn((await nextMail()).text, 'reset')}`, { password: NEW });
      } else await ann.put('/v1/me/password', { current: PASSWORD, new: NEW });
      assert.equal((await post(`/v1/email-verifications/${theirs}`)).status, 404, by);
      const parts = { storage: hall.storage, clock: Date.now, announce: () => undefined, rates: memoryRates(Date.now) };
      const there = { platform: 'discord', platformId: '666', name: 'thief' };
      await assert.rejects(typedThere(parts, there, String(body['code'])), /ended/);
    }
  });

  test('three mails an hour for one account, twenty asked for from one address', async () => {
    const { username } = await withEmail('flood@example.org');
    for (let n = 0; n < 30; n++) await post('/v1/password-resets', { username });
    await eventually('the mails', () => (mail.mails.length >= 2 ? true : undefined));
    assert.equal((await post('/v1/password-resets', { username })).status, 429);
    assert.equal(mail.mails.length, 2, 'and one to verify the address');
    const last = linkIn(mail.mails.at(-1)?.text ?? '', 'reset');
    const set = await post(`/v1/password-resets/${last}`, { password: NEW });
    assert.equal(set.status, 204, 'whoever asks on does not end a link that was mailed');
  });

  test('a link of another kind opens nothing', async () => {
    await hall.storage.write((tx) => tx.db.deleteFrom('one_time_codes').execute());
    const ann = await person();
    await ann.put('/v1/me/email', { email: 'kind@example.org', password: PASSWORD });
    const link = linkIn((await nextMail()).text, 'verify-email');
    assert.equal((await post(`/v1/password-resets/${link}`, { password: NEW })).status, 404);
  });
});

describe('a mail server in trouble', () => {
  test('is named among what is not ready, and the reason holds no password', async (t) => {
    const other = await openHall({ SMTP_URL: mail.url.replace('secret', 'wrong'), MAIL_FROM: 'hall@example.org' });
    t.after(() => other.close());
    const found = await eventually('mail is not ready', async () => {
      const { body } = await call<Ready>(other, { method: 'GET', path: '/health/ready' });
      return body.notReady.find(({ name }) => name === 'mail');
    });
    assert.match(found.why, /refuses the name or password of SMTP_URL/);
    assert.ok(!found.why.includes('wrong'));
  });
});

interface Ready {
  notReady: { name: string; why: string }[];
}

async function person() {
  const username = `person-${(names += 1)}`;
  await createAccount(hall.hall.auth, { username, password: PASSWORD }, { by: 'operator', owner: false });
  const { body } = await signIn(username, PASSWORD);
  const token = String(body['token']);
  const ask = (method: string) => (path: string, body?: unknown) => call(hall, { method, path, body, token });
  return { username, get: ask('GET'), post: ask('POST'), put: ask('PUT'), drop: ask('DELETE') };
}

async function withEmail(address: string) {
  const somebody = await person();
  await somebody.put('/v1/me/email', { email: address, password: PASSWORD });
  await post(`/v1/email-verifications/${linkIn((await nextMail()).text, 'verify-email')}`);
  return somebody;
}

async function email({ username }: { username: string }): Promise<string | null> {
  const row = await hall.storage.db
    .selectFrom('accounts')
    .select('email')
    .where('username', '=', username)
    .executeTakeFirst();
  return row?.email ?? null;
}

function post(path: string, body?: unknown): Promise<Answer> {
  return call(hall, { method: 'POST', path, body });
}

function signIn(username: string, password: string): Promise<Answer> {
  return post('/v1/sessions', { username, password });
}

async function said(asked: Promise<Answer>): Promise<[number, string]> {
  const { status, text } = await asked;
  return [status, text];
}

async function nextMail() {
  return eventually('a mail', () => mail.mails.shift());
}

function linkIn(text: string, page: string): string {
  return new RegExp(`/${page}/([\\w-]{43})$`, 'm').exec(text)?.[1] ?? assert.fail(text);
}
