import { optional, text, word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import { badRequest } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { identityOf, whisper, type IncomingMessage } from '#core/message.ts';
import type { Prover, Verification } from '#core/verification.ts';
import { TEXTS } from './texts.ts';

/** `/verify 1234567890` asks for a mail, `/verify code:9C4N-KV7P` does what its link does, `/unverify` gives the entry back. */
export function verifyCommands(port: Verification): AnyCommand[] {
  return [
    command({
      name: 'verify',
      summary: TEXTS.summary,
      args: {
        user_id: optional(word(TEXTS.userId, USER_ID)),
        code: optional(text(TEXTS.code, 20)),
      },
      example: '/verify 1234567890',
      allow: 'guest',
      // Whoever is verified speaks as a person of the list: that is for people alone.
      token: 'session',
      limit: { uses: 10, perSeconds: 60 },
      async run({ message, args: { user_id: userId, code } }) {
        const typed = code ?? (userId && CODE.test(userId) ? userId : undefined);
        if (typed !== undefined) return whisper(await port.code(proverOf(message), typed));
        if (userId === undefined) throw badRequest('bad-argument', TEXTS.needOne);
        return whisper(await port.ask(proverOf(message), userId));
      },
    }),
    command({
      name: 'unverify',
      summary: TEXTS.unverify,
      args: {},
      example: '/unverify',
      allow: 'guest',
      token: 'session',
      limit: { uses: 10, perSeconds: 60 },
      run: async ({ message }) => whisper(await port.giveBack(proverOf(message))),
    }),
  ];
}

const USER_ID = new RegExp(`^[^\\p{C}]{1,${LIMITS.listUserId}}$`, 'u');
const CODE = /^code:/i;

function proverOf({ community, from, who, place }: IncomingMessage): Prover {
  const { platform } = from;
  const there = who.identity ?? who.account;
  const platformId = there.startsWith(`${platform}:`) ? identityOf(there).platformId : there;
  return {
    community,
    subject: who.account,
    platform,
    platformId,
    name: who.name,
    ...(place !== undefined && { space: place }),
    ...(from.room !== undefined && { room: from.room }),
  };
}
