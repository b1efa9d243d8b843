/** What the control addresses say when they refuse. */
export const controlTexts = {
  notLoopback: 'Only a Host on loopback is served.',
  notJson: 'Send application/json.',
  tooLong: 'The body is too long.',
  badJson: 'The body is not a JSON object.',
  unknownAddress: 'There is no such control address.',
  wrongField: (name: string, type: string): string => `${name} must be a ${type}.`,
  unknownFault: (kinds: string[]): string => `kind is one of: ${kinds.join(', ')}.`,
};
