import type { Workspace } from './workspace.ts';

/**
 * What Slack's client makes of a line that a person types: &, < and > become entities, names become mentions,
 * addresses and even bare domains become links. Code is only escaped.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function typedText(workspace: Workspace, text: string): string {
  const parts = text.split(/(```[\s\S]*?```|`[^`\n]+`)/);
  return parts.map((part, index) => (index % 2 === 1 ? escape(part) : linked(workspace, escape(part)))).join('');
}

/** Slash commands get their text with entities, but with names and addresses as they were typed. */
export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What Slack keeps of a text that an app sends: control sequences stay, what is no such thing becomes an entity. */
export function sentText(text: string): string {
  return text
    .split(/(<(?:[@#!][^<>\n]+|[a-z][a-z0-9+.-]*:[^<>\s|]+(?:\|[^<>\n]*)?)>)/i)
    .map((part, index) => (index % 2 === 1 ? part : strayEscaped(part)))
    .join('');
}

/** What a person sees: mentions and links by their names, entities as characters. */
export function shownText(workspace: Workspace, text: string): string {
  const words = text.replace(/<([^<>\n]+)>/g, (_whole, inner: string) => shownSequence(workspace, inner));
  return words.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

const strayEscaped = (text: string): string =>
  text
    .replace(/&(?!(?:amp|lt|gt);)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

/** In this order, as an address may hold a domain, and a mail address ends in one. */
const PATTERN = new RegExp(
  [
    String.raw`(?<url>https?:\/\/[^\s|]+)`,
    String.raw`(?<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)`,
    String.raw`(?<![\w@])@(?<name>[\w.-]*\w)`,
    String.raw`(?<![\w#])#(?<room>[\w-]+)`,
    String.raw`(?<![\w@.-])(?<domain>(?:[a-z0-9-]+\.)+(?:com|org|net|us|io|dev|de|uk|eu|co|ai|app|info|me|tv|jp|fr|ca)(?![\w.-]))`,
  ].join('|'),
  'gi',
);

function linked(workspace: Workspace, text: string): string {
  return text.replace(PATTERN, (whole, ...rest) => {
    const { url, mail, name, room, domain } = rest.at(-1) as Record<string, string | undefined>;
    if (url) return `<${url}>`;
    if (mail) return `<mailto:${mail}|${mail}>`;
    if (domain) return `<http://${domain}|${domain}>`;
    return (name ? mention(workspace, name) : channelLink(workspace, room ?? '')) ?? whole;
  });
}

function mention(workspace: Workspace, name: string): string | undefined {
  if (/^(here|channel|everyone)$/i.test(name)) return `<!${name.toLowerCase()}>`;
  if (name.toLowerCase() === workspace.bot.name.toLowerCase()) return `<@${workspace.bot.id}>`;
  const found = [...workspace.members.values()].find((member) => member.name.toLowerCase() === name.toLowerCase());
  return found && `<@${found.id}>`;
}

function channelLink(workspace: Workspace, name: string): string | undefined {
  const found = workspace.rooms().find((channel) => channel.name === name);
  return found && `<#${found.id}|${found.name}>`;
}

function shownSequence(workspace: Workspace, inner: string): string {
  const [target = '', label] = inner.split('|');
  if (target.startsWith('@')) return `@${workspace.members.get(target.slice(1))?.name ?? label ?? 'unknown'}`;
  if (target.startsWith('#')) return `#${workspace.channels.get(target.slice(1))?.name ?? label ?? 'unknown'}`;
  if (/^!(here|channel|everyone)$/.test(target)) return `@${target.slice(1)}`;
  return label || target.replace(/^mailto:/, '');
}
