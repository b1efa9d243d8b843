/** All that the bot itself says. */
export const TEXTS = {
  unknownCommand: (name: string) => `There is no command /${name.slice(0, 40)}. /help lists what there is.`,
  wrongArgument: (wrong: string, usage: string, example: string) =>
    `${wrong} The form is ${usage}, for example ${example}`,
  commandOff: (what: string) => `${what} is switched off here. An admin or owner can switch it on.`,
  failed: 'This could not be done. The operator sees why. Try again later.',
  help: {
    summary: 'What the bot can do',
    command: 'the name of a command',
    head: 'Commands here:',
    foot: '/help and a name tells more, such as /help stock',
    unknown: (name: string) => `There is no command /${name.slice(0, 40)} that you may use. /help lists what there is.`,
    example: (example: string) => `For example ${example}`,
    limit: (uses: number, seconds: number) => `At most ${uses} in ${seconds} seconds.`,
  },
};
