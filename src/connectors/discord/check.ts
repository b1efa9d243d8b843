import { API_URL, API_VERSION } from './discord.external.ts';
import { TEXTS } from './texts.ts';

export type DiscordCheck =
  /** `open`: anybody may add the bot to a server of theirs. */
  { ok: true; name: string; appId: string; guilds?: number; open: boolean } | { ok: false; why: string };

/** Asks Discord who the token’s bot is, by one request and without the connector. Never throws, never tells the token. */
export async function checkDiscord(options: { token: string; apiUrl?: string }): Promise<DiscordCheck> {
  const base = (options.apiUrl ?? API_URL).replace(/\/+$/, '');
  if (options.token === '') return { ok: false, why: TEXTS.check.noToken };
  try {
    const answer = await fetch(`${base}/v${API_VERSION}/applications/@me`, {
      headers: { Authorization: `Bot ${options.token}`, Accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.status === 401) return { ok: false, why: TEXTS.badToken };
    if (!answer.ok) return { ok: false, why: TEXTS.check.strange(answer.status) };
    return read((await answer.json()) as Application);
  } catch (error) {
    return { ok: false, why: TEXTS.check.unreachable(base, whyOf(error)) };
  }
}

/** The same of a community's own application, in words for who pasted its token. `refused`: another try is of no use. */
export async function checkOwnApplication(options: {
  token: string;
  apiUrl?: string;
}): Promise<DiscordCheck & { refused: boolean }> {
  const checked = await checkDiscord(options);
  if (checked.ok || checked.why !== TEXTS.badToken) return { ...checked, refused: false };
  return { ok: false, why: TEXTS.badOwnToken, refused: true };
}

const PATIENCE_MS = 10_000;

/** https://discord.com/developers/docs/resources/application#application-object */
interface Application {
  id: string;
  name: string;
  approximate_guild_count?: number;
  bot_public?: boolean;
}

function read({ id, name, approximate_guild_count: guilds, bot_public: open = true }: Application): DiscordCheck {
  return { ok: true, name, appId: id, open, ...(guilds !== undefined && { guilds }) };
}

/** Not the error's own words: where a header cannot be sent they hold the token. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed';
  const cause = error.cause;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error.name === 'TimeoutError' ? `no answer in ${PATIENCE_MS / 1_000} s` : 'the request failed';
}
