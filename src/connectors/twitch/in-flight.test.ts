import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SYSTEM_TIMER } from '#bus/outbound-queue.ts';
import { Connection } from './connection.ts';
import { InFlight, type Outcome } from './in-flight.ts';
import { readLine } from './irc-line.ts';
import { TIMES } from './twitch.external.ts';

/** A connection that goes nowhere, and the frames that went into it. */
function nowhere(): { connection: Connection; frames: string[] } {
  const frames: string[] = [];
  const ignore = (): void => undefined;
  const connection = new Connection({
    open: () => ({ send: (frame) => void frames.push(frame), cut: ignore }),
    url: 'ws://127.0.0.1',
    login: 'guildhall',
    token: 'secret',
    times: TIMES,
    timer: SYSTEM_TIMER,
    events: { ready: ignore, line: ignore, loginRefused: ignore, reconnect: ignore, ended: ignore },
  });
  return { connection, frames };
}

/** What becomes of a line when Twitch says all of this after it; `waiting` where nothing of it is an answer. */
async function outcomeOf(...answers: string[]): Promise<Outcome | 'waiting'> {
  const { connection } = nowhere();
  const inFlight = new InFlight(SYSTEM_TIMER, TIMES);
  const outcome = inFlight.send({ connection, channel: 'square', text: 'hello', parent: undefined });
  for (const answer of answers) inFlight.heard(readLine(answer), connection);
  const first = await Promise.race([outcome, Promise.resolve('waiting' as const)]);
  inFlight.lost(connection);
  connection.close();
  await outcome;
  return first;
}

describe('A line on its way', () => {
  it('is taken when Twitch tells our state in its channel, with its mark or without any', async () => {
    assert.deepEqual(await outcomeOf('@client-nonce=g1;mod=0 :tmi.twitch.tv USERSTATE #square'), { taken: true });
    assert.deepEqual(await outcomeOf('@mod=0 :tmi.twitch.tv USERSTATE #square'), { taken: true });
  });

  it('is taken when the PING behind it is answered by a server that never acknowledged a line', async () => {
    assert.deepEqual(await outcomeOf(':tmi.twitch.tv PONG tmi.twitch.tv :g1'), { taken: true });
  });

  it('is dropped when the PING behind it is answered by a server that acknowledged others, and no more comes', async () => {
    const { connection } = nowhere();
    const inFlight = new InFlight(SYSTEM_TIMER, { ack: 60_000, dropped: 1 });
    const said = { connection, channel: 'square', text: 'hello', parent: undefined };
    const first = inFlight.send(said);
    inFlight.heard(readLine('@mod=0 :tmi.twitch.tv USERSTATE #square'), connection);
    assert.deepEqual(await first, { taken: true });
    const second = inFlight.send(said);
    inFlight.heard(readLine(':tmi.twitch.tv PONG tmi.twitch.tv :g2'), connection);
    assert.deepEqual(await second, { taken: false, code: 'dropped', text: '' });
    connection.close();
  });

  it('is refused by a notice for its channel, also by one that is new to us', async () => {
    const refused = await outcomeOf('@msg-id=msg_slowmode :tmi.twitch.tv NOTICE #square :in 5 seconds');
    assert.deepEqual(refused, { taken: false, code: 'msg_slowmode', text: 'in 5 seconds' });
    assert.deepEqual(await outcomeOf('@msg-id=msg_new :tmi.twitch.tv NOTICE #square :no'), {
      taken: false,
      code: 'msg_new',
      text: 'no',
    });
  });

  it('waits on when something else is said', async () => {
    const others = [
      '@client-nonce=g7 :tmi.twitch.tv USERSTATE #square',
      '@mod=0 :tmi.twitch.tv USERSTATE #trading_floor',
      '@msg-id=msg_banned :tmi.twitch.tv NOTICE #trading_floor :no',
      '@msg-id=slow_on :tmi.twitch.tv NOTICE #square :This room is now in slow mode.',
      ':tmi.twitch.tv PONG tmi.twitch.tv :guildhall',
      ':mia!mia@mia.tmi.twitch.tv PRIVMSG #square :hello',
    ];
    assert.equal(await outcomeOf(...others), 'waiting');
  });

  it('is not answered over another connection, and its fate is unknown when its own ends', async () => {
    const [own, other] = [nowhere(), nowhere()];
    const inFlight = new InFlight(SYSTEM_TIMER, TIMES);
    const outcome = inFlight.send({ connection: own.connection, channel: 'square', text: 'hello', parent: undefined });
    inFlight.heard(readLine('@mod=0 :tmi.twitch.tv USERSTATE #square'), other.connection);
    inFlight.lost(other.connection);
    inFlight.lost(own.connection);
    assert.deepEqual(await outcome, { taken: 'unknown' });
    for (const { connection } of [own, other]) connection.close();
  });

  it('has a PING behind it when it is not answered in time', async () => {
    const { connection, frames } = nowhere();
    const inFlight = new InFlight({ ...SYSTEM_TIMER, after: (_, act) => (act(), () => undefined) }, TIMES);
    void inFlight.send({ connection, channel: 'square', text: 'hello', parent: undefined });
    assert.deepEqual(frames.toSorted(), ['@client-nonce=g1 PRIVMSG #square :hello\r\n', 'PING :g1\r\n']);
    connection.close();
  });
});
