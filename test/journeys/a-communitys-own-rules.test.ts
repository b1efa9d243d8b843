import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { type Answer, type Fields, member, owner as makeOwner, type Person } from '#test/support/person.ts';
import { play } from '#test/support/play.ts';
import { runProgram } from '#test/support/program.ts';
import { giveRole } from '#test/support/roles.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';

/** A play of admins who decide who may ask the bot for what, and how often; one of them at the terminal. */
for (const shape of SHAPES)
  describe(`a community’s own rules, ${shape}`, { concurrency: 1 }, () => {
    let stock: StockSource;
    let hall: Deployment;
    let olga: Person;
    let adam: Person;
    let ann: Person;
    let ben: Person;
    let room: string;
    let community: string;
    const scene = play();
    const decide = (who: Person, change: Fields, name = 'stock'): Promise<Fields> =>
      who.done('PUT', `/v1/communities/${community}/commands/${name}`, change);
    const ask = (who: Person, name = 'stock', args: Fields = { symbol: 'aapl.us' }): Promise<Answer> =>
      who.post(`/v1/commands/${name}?wait=14`, { args });
    const answered = async (who: Person): Promise<void> => {
      const answer = await ask(who);
      assert.equal(answer.status, 200, answer.text);
      assert.match(answer.text, /AAPL\.US quote is/);
    };
    const refused = async (who: Person, status: number, detail: RegExp): Promise<Fields> => {
      const answer = await ask(who);
      assert.equal(answer.status, status, answer.text);
      assert.match(String(answer.body['detail']), detail);
      assert.match(String(answer.body['rule']), /admin or owner can change it$/);
      return { ...answer.body, retryAfter: Number(answer.headers.get('retry-after')) };
    };
    const guildhall = async (words: string): Promise<string> => {
      const said = await runProgram(hall, ['src/guildhall.ts', ...words.split(' ')]);
      assert.equal(said.code, 0, said.out + said.err);
      return said.out;
    };

    before(async () => {
      stock = await startStock();
      hall = await startDeployment(shape, { STOCK_URL: stock.url });
      olga = await makeOwner(hall);
      [adam, ann, ben] = [await member(olga, 'adam'), await member(olga, 'ann'), await member(olga, 'ben')];
      await giveRole(adam, 'admin');
      room = await olga.makeRoom('market');
      const { communities } = await olga.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
      community = communities[0]?.id ?? '';
    });
    after(async () => {
      await hall?.remove();
      await stock?.stop();
    });

    scene(
      'an admin gives codes a market: the next use has it, in the chat as over HTTP, whichever process answers',
      async () => {
        const path = `/v1/communities/${community}/features/stock/settings`;
        const choose = async (values: Fields): Promise<void> => {
          const { version } = await adam.done<{ version: number }>('GET', path);
          await adam.done('PUT', path, { version, values });
        };
        const quote = async (symbol: string): Promise<string> => (await ask(ann, 'stock', { symbol })).text;
        await choose({ market: 'us' });
        assert.match(await quote('aapl'), /AAPL\.US quote is/);
        const live = await ann.live();
        await live.subscribe(room);
        live.send({ type: 'post', room, text: '/stock aapl', clientId: 'c0' });
        assert.equal((await live.frame('private')).reply.text, 'Looking up AAPL.US…');
        live.close();
        await choose({ market: null });
        assert.match(await quote('aapl'), /No quote for AAPL\./);
      },
    );

    scene(
      'an admin switches a command off: in the chat it is refused to her alone, with who can change it',
      async () => {
        await answered(ann);
        await decide(adam, { on: false });
        await refused(ann, 403, /^\/stock is switched off here\./);
        const live = await ann.live();
        await live.subscribe(room);
        live.send({ type: 'post', room, text: '/stock aapl.us', clientId: 'c1' });
        const told = await live.frame('private');
        assert.equal(told.reply.text, '/stock is switched off here. An admin or owner can switch it on.');
        live.close();
      },
    );

    scene(
      'at the terminal the operator switches it on again, for two people by name, and the hall knows it at once',
      async () => {
        const told = await guildhall('command set stock --on --allow ann,discord:80351110224678912');
        assert.match(told, /on · for ann, discord:80351110224678912 · 10 in 60 s · no cooldown/);
        await answered(ann);
        for (const other of [ben, adam, olga])
          await refused(other, 403, /^\/stock is for named people here\. An admin or owner can change that\.$/);
      },
    );

    scene('every member may look at the rules, and only admins change them', async () => {
      const { commands } = await ben.done<{ commands: Fields[] }>('GET', `/v1/communities/${community}/commands`);
      const rules = commands.find(({ name }) => name === 'stock');
      assert.deepEqual(rules?.['allow'], [], 'who is named is for admins to see');
      const tried = await ben.call('PUT', `/v1/communities/${community}/commands/stock`, { allow: 'member' });
      assert.equal(tried.status, 403);
      assert.match(String(tried.body['rule']), /command\.change: admin and up/);
    });

    scene('two admins decide at the same time, and both are heard', async () => {
      await Promise.all([decide(adam, { allow: 'member' }), decide(olga, { cooldownSeconds: 3_600 })]);
      const { commands } = await ben.done<{ commands: Fields[] }>('GET', `/v1/communities/${community}/commands`);
      const rules = commands.find(({ name }) => name === 'stock');
      assert.deepEqual([rules?.['allow'], rules?.['cooldownSeconds']], ['member', 3_600]);
    });

    scene('a typo costs nothing, a use begins the cooldown, and it is each person’s own', async () => {
      assert.equal((await ask(ben, 'stock', { symbol: 'a b' })).status, 400);
      await answered(ben);
      const { retryAfter } = await refused(
        ben,
        429,
        /^\/stock has a cooldown of 60 minutes here\. Try again in 60 minutes\./,
      );
      assert.ok(Number(retryAfter) > 3_500 && Number(retryAfter) <= 3_600, String(retryAfter));
      await answered(ann);
    });

    scene('the power fails: after the next start the cooldown still holds', async () => {
      await hall.kill();
      await hall.startAgain();
      for (const one of [ann, ben]) await refused(one, 429, /cooldown of 60 minutes here/);
      await answered(adam);
    });

    scene('a quota of two in a day takes the place of the cooldown, and outlives a stop too', async () => {
      await decide(adam, { cooldownSeconds: null, limit: { uses: 2, perSeconds: 86_400 } });
      await answered(ann);
      await hall.stop();
      await hall.startAgain();
      await refused(ann, 429, /^\/stock is limited to 2 uses in 24 hours here\. Try again in 24 hours\./);
      await answered(ben);
    });

    scene('help cannot be switched off, by nobody', async () => {
      const tried = await olga.call('PUT', `/v1/communities/${community}/commands/help`, { on: false });
      assert.deepEqual([tried.status, tried.body['code']], [403, 'help-stays-on']);
      assert.equal((await ask(ben, 'help', {})).status, 200);
    });

    scene('at the terminal all is taken back to what the command declares', async () => {
      assert.match(await guildhall('command set stock --reset'), /on · for member and up · 10 in 60 s · no cooldown/);
      await answered(ann);
      await answered(ann);
    });
  });
