/** What stands before a command in Twitch's chat, unless somebody chose otherwise. */
export const SYMBOL = '!';

/**
 * Nothing is registered at Twitch: chat lines are all there is. Which line is for a command is decided by its symbol alone:
 *
 * | the command's own symbol | the channel's symbol | it answers to |
 * | --- | --- | --- |
 * | chosen | any | its own |
 * | none | chosen | the channel's |
 * | none | none | `!` |
 */
export function symbolOf(command: { symbol: string | null }, channel: { symbol: string | null }): string {
  return command.symbol ?? channel.symbol ?? SYMBOL;
}
