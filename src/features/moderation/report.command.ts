import { optional, text, word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { whisper, type IncomingMessage } from '#core/message.ts';
import type { Moderation, Reporting } from '#core/moderation.ts';
import { TEXTS } from './texts.ts';

/** What members show to the moderators. */
export function reportCommands(port: () => Moderation): AnyCommand[] {
  return [
    command({
      name: 'report',
      summary: TEXTS.report,
      args: { person: word(TEXTS.person, /^\S{1,100}$/), what: optional(text(TEXTS.what, LIMITS.reasonText)) },
      example: '/report @rook insults people',
      menu: TEXTS.reportMenu,
      allow: 'member',
      token: 'post',
      limit: LIMITS.reports,
      async run({ message, args }) {
        const { community, from, place, who, about } = message;
        const by = { account: who.account, role: who.role, name: who.name, community };
        const whom = await whomOf(port(), message, args.person);
        const asked = {
          platform: from.platform,
          ...(place !== undefined && { space: place }),
          ...(from.room !== undefined && { room: from.room }),
        };
        const reason = args.what ?? TEXTS.noReason;
        await port().report({ by, whom, reason, from: asked, ...(about && { about }) });
        return whisper(TEXTS.reported);
      },
    }),
  ];
}

/** Of a message its author, whoever was typed. On a platform a name is enough: who it is, the moderators can see there. */
async function whomOf(
  port: Moderation,
  { about, community, from: { platform } }: IncomingMessage,
  typed: string,
): Promise<Reporting['whom']> {
  if (about) return { platform, ...about.author };
  try {
    return await port.find({ community, platform, typed });
  } catch (error) {
    if (OURS.has(platform) || !(error instanceof AppError) || error.code !== 'unknown-person') throw error;
    return { called: typed.replace(/^@/, '') };
  }
}

/** Where everybody has an account. */
const OURS: ReadonlySet<string> = new Set(['webchat', 'http']);
