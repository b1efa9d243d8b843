import type { Seen } from '#test/simulators/shared/simulator.ts';
import { blockText, objects } from './blocks.ts';
import { shownText } from './typed.ts';
import type { Channel, Kept, Wire } from './wire.ts';
import { OTHER_BOT, SLACKBOT, type Workspace } from './workspace.ts';

/** What one person sees in a room, or what everybody sees where no person is named. Direct messages have one reader. */
export function seenBy(workspace: Workspace, room: string, person?: string): Seen[] {
  const channel = workspace.room(room);
  const reader = person === undefined ? undefined : workspace.person(person).id;
  return channel.messages
    .map((kept) => seen(workspace, channel, kept))
    .filter(({ to }) => to === undefined || to === reader);
}

function seen(workspace: Workspace, channel: Channel, kept: Kept): Seen {
  const { wire, answers } = kept;
  const to = kept.to ?? onlyReader(channel);
  const replyTo = answers ?? wire.thread_ts;
  return {
    id: wire.ts,
    room: channel.id,
    author: author(workspace, wire),
    text: shownText(workspace, blockText(ownBlocks(wire)) || wire.text),
    ...(to ? { to } : {}),
    ...(typeof replyTo === 'string' && replyTo !== wire.ts ? { replyTo } : {}),
    attachments: objects(wire.files).map((file) => ({
      name: String(file.name),
      type: String(file.mimetype),
      bytes: Number(file.size),
    })),
    raw: wire,
  };
}

const onlyReader = ({ kind, members, bot }: Channel): string | undefined =>
  kind === 'direct' ? [...members].find((id) => id !== bot.id) : undefined;

/** An app's blocks are shown in place of its text; those of a person say the same as the text. */
const ownBlocks = (wire: Wire): unknown => (wire.bot_id ? wire.blocks : undefined);

function author(workspace: Workspace, wire: Wire): Seen['author'] {
  const bot = [workspace.bot, OTHER_BOT].find(({ botId }) => botId === wire.bot_id);
  if (bot) return { id: bot.id, name: bot.name, bot: true };
  if (wire.user === SLACKBOT.id) return { ...SLACKBOT, bot: true };
  const id = String(wire.user);
  const member = workspace.members.get(id);
  return { id, name: member?.name ?? id, bot: member?.isBot ?? false };
}
