/** What people read in the stand-in: Slackbot's lines, and why a line of theirs was refused. */
export const texts = {
  commandFailed: (command: string, error: string): string => `${command} failed with the error "${error}"`,
  joined: (id: string): string => `<@${id}> has joined the channel`,
  left: (id: string): string => `<@${id}> has left the channel`,
  noSuchPerson: (name: string): string => `There is no person ${name} in the workspace.`,
  noSuchRoom: (name: string): string => `There is no room ${name} in the workspace.`,
  noSuchCommand: (name: string): string => `${name} is not a valid command.`,
  noSuchMessage: (ts: string): string => `There is no message ${ts} in the room.`,
  noSuchButton: (id: string): string => `The message has no button ${id}.`,
  noSuchEvent: (id: string): string => `Slack sent no event about ${id}. Slash commands are never sent twice.`,
  notYours: 'Only the author changes a message.',
  notInRoom: (name: string): string => `${name} is not in the room.`,
  archived: (name: string): string => `${name} is archived.`,
  empty: 'An empty line cannot be sent.',
  noAnswer: (url: string, last: string): string => `${url} did not answer the challenge: ${last}`,
};

/** What the list of violations says. */
export const violations = {
  method: (name: string): string => `Called the unknown method ${name}.`,
  route: (method: string, path: string): string => `Called an unknown address: ${method} ${path}.`,
  argument: (method: string, name: string): string => `${method} has no argument ${name}.`,
  malformed: (method: string, detail: string): string => `${method} was called wrongly: ${detail}`,
  early: (method: string, ms: number): string => `${method} was called ${ms} ms before Retry-After was over.`,
  notAnAcknowledgement: (text: string): string => `A link got something that is no acknowledgement: ${text}`,
  ticket: 'A link was opened with a ticket that was never given out, or was used before.',
  upload: (name: string, said: number, came: number): string =>
    `${name} was announced with ${said} bytes, ${came} came.`,
  used: (url: string): string => `The response_url ${url} was used more than five times, or after its end.`,
  responseUrl: (detail: string): string => `A response_url got a malformed body: ${detail}`,
};
