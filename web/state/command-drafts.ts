import type { CommandChange, CommandRules } from '#contracts/portal.ts';
import type { Role } from '#contracts/web.ts';
import { texts } from '#web/texts.ts';

/** A command as it is typed, before it is saved. */
export type CommandDraft = {
  name: string;
  on: boolean;
  allow: Role | string[];
  cooldown: number | null;
  uses: number | null;
  perSeconds: number | null;
  symbol: string;
};

const words = texts.commands;

export function draftOf({ name, on, allow, cooldownSeconds, limit, symbol }: CommandRules): CommandDraft {
  const { uses, perSeconds } = limit;
  return { name, on, allow, cooldown: cooldownSeconds, uses, perSeconds, symbol: symbol ?? '' };
}

/** What was changed, for the hall; empty where nothing was. What is emptied goes back to what the command declares. */
export function changeOf(was: CommandRules, draft: CommandDraft): CommandChange {
  const before = draftOf(was);
  const paced = draft.uses !== before.uses || draft.perSeconds !== before.perSeconds;
  const limit = draft.uses && draft.perSeconds ? { uses: draft.uses, perSeconds: draft.perSeconds } : null;
  return {
    ...(draft.on !== before.on && { on: draft.on }),
    ...(!same(draft.allow, before.allow) && { allow: draft.allow }),
    ...((draft.cooldown || null) !== (before.cooldown || null) && { cooldownSeconds: draft.cooldown || null }),
    ...(paced && { limit }),
    ...(draft.symbol.trim() !== before.symbol && { symbol: draft.symbol.trim() || null }),
  };
}

/** “/give: cooldown 30 s to 15 s, who: Moderators to Members”. */
export function changeInWords(was: CommandRules, draft: CommandDraft): string {
  const change = changeOf(was, draft);
  const limit = change.limit ?? was.declared.limit;
  const told = [
    change.on !== undefined && words.from('', onName(was.on), onName(draft.on)).trim(),
    change.allow && words.from(words.fields.allow, whoName(was.allow), whoName(change.allow)),
    change.cooldownSeconds !== undefined &&
      words.from(words.fields.cooldown, cooldownName(was.cooldownSeconds), cooldownName(change.cooldownSeconds)),
    change.limit !== undefined && words.from(words.fields.limit, rateName(was.limit), rateName(limit)),
    change.symbol !== undefined &&
      words.from(words.fields.symbol, was.symbol ?? words.channelsOwn, change.symbol ?? words.channelsOwn),
  ];
  return `/${was.name}: ${told.filter(Boolean).join(', ')}`;
}

export function whoName(allow: Role | string[]): string {
  return typeof allow === 'string' ? words.whoNames[allow] : words.people(allow.length);
}

export function cooldownName(seconds: number | null): string {
  return seconds ? words.seconds(seconds) : words.noCooldown;
}

export function rateName({ uses, perSeconds }: CommandRules['limit']): string {
  return words.rate(uses, perSeconds);
}

function onName(on: boolean): string {
  return on ? words.onWord : words.offWord;
}

function same(one: Role | string[], other: Role | string[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
