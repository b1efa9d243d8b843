import { word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import { conflict } from '#core/errors.ts';
import { whisper, type IncomingMessage } from '#core/message.ts';
import { OURS } from './may-run.ts';
import { TEXTS } from './texts.ts';

/** Connects the place where a code is typed to the code's community; gives the community's name. Throws where it may not be. */
export type Connect = (message: IncomingMessage, typed: string) => Promise<string>;

/** `/connect CODE`, typed by who looks after a guild, workspace or channel. */
export function connectCommand(connect: Connect): AnyCommand {
  return command({
    name: CONNECT,
    summary: TEXTS.connect.summary,
    args: { code: word(TEXTS.connect.code, /^[0-9a-z]{5}-?[0-9a-z]{5}$/i) },
    example: '/connect 9C4NH-KV7PX',
    // Who they are on their platform is asked instead: the place's community of now has no say in where it goes.
    allow: 'guest',
    elsewhere: true,
    limit: { uses: 10, perSeconds: 60 },
    async run({ message, args }) {
      if (OURS.has(message.from.platform)) throw conflict('not-here', TEXTS.connect.notHere);
      return whisper(TEXTS.connect.done(await connect(message, args.code)));
    },
  });
}

const CONNECT = 'connect';
