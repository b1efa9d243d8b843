import { randomUUID } from 'node:crypto';
import type { Messages } from './messages.ts';
import { texts } from './texts.ts';
import { typedText } from './typed.ts';
import type { Channel, Kept, Member, Wire } from './wire.ts';
import { botFields, OTHER_BOT, type Workspace } from './workspace.ts';

interface Office {
  workspace: Workspace;
  messages: Messages;
}

/** A person types a line, in a thread where `threadTs` is given. */
export function writes(
  office: Office,
  line: { person: string; room: string; text: string; threadTs?: string },
): string {
  const { member, channel } = presence(office.workspace, line.person, line.room);
  if (line.text.trim() === '') throw new Error(texts.empty);
  if (line.threadTs) office.workspace.message(channel, line.threadTs);
  const text = typedText(office.workspace, line.text);
  const fields = personFields(office.workspace, member, text);
  const threadTs = line.threadTs ? { threadTs: line.threadTs } : {};
  return office.messages.post(channel, { text, fields, ...threadTs }).wire.ts;
}

interface SharedFile {
  name: string;
  type: string;
  bytes: number;
}

export function shares(
  office: Office,
  person: string,
  room: string,
  { file, text }: { file: SharedFile; text: string },
): string {
  const { member, channel } = presence(office.workspace, person, room);
  const fields = {
    ...personFields(office.workspace, member, text),
    subtype: 'file_share',
    upload: false,
    files: [fileWire(file, { id: member.id, team: office.workspace.team.id })],
  };
  return office.messages.post(channel, { text: typedText(office.workspace, text), fields }).wire.ts;
}

/** Changes a line; only its author may. */
export function edits(
  office: Office,
  person: string,
  room: string,
  { ts, text }: { ts: string; text: string },
): string {
  const { member, channel, kept } = ownMessage(office.workspace, { person, room, ts });
  const words = typedText(office.workspace, text);
  return office.messages.change(channel, kept, { text: words, blocks: richText(words) }, member.id);
}

export function erases(office: Office, person: string, room: string, ts: string): string {
  const { channel, kept } = ownMessage(office.workspace, { person, room, ts });
  return office.messages.remove(channel, kept);
}

/** Another app's bot posts, in the older form that has no user. */
export function otherBotSays({ workspace, messages }: Office, room: string, text: string): string {
  const { user: _user, ...bot } = botFields({ ...OTHER_BOT, team: workspace.team.id });
  const fields = { ...bot, subtype: 'bot_message', username: OTHER_BOT.name };
  return messages.post(workspace.room(room), { text: typedText(workspace, text), fields }).wire.ts;
}

/** The person and the room, where the person may write. */
export function presence(workspace: Workspace, person: string, room: string): { member: Member; channel: Channel } {
  const member = workspace.person(person);
  const channel = workspace.room(room);
  if (!channel.members.has(member.id)) throw new Error(texts.notInRoom(member.name));
  if (channel.archived) throw new Error(texts.archived(channel.name));
  return { member, channel };
}

/** A file as messages and the Web API show it. */
export function fileWire(
  { name, type, bytes, id }: SharedFile & { id?: string },
  by: { id: string; team: string },
): Wire {
  const at = Math.floor(Date.now() / 1_000);
  const kind = name.includes('.') ? name.split('.').at(-1) : 'text';
  return {
    id: id ?? `F0${randomUUID().slice(0, 8).toUpperCase()}`,
    created: at,
    timestamp: at,
    name,
    title: name,
    mimetype: type,
    filetype: kind,
    pretty_type: String(kind).toUpperCase(),
    user: by.id,
    user_team: by.team,
    size: bytes,
    mode: 'hosted',
    is_external: false,
    is_public: true,
  };
}

function ownMessage(
  workspace: Workspace,
  { person, room, ts }: { person: string; room: string; ts: string },
): { member: Member; channel: Channel; kept: Kept } {
  const { member, channel } = presence(workspace, person, room);
  const kept = workspace.message(channel, ts);
  if (kept.wire.user !== member.id || kept.wire.bot_id) throw new Error(texts.notYours);
  return { member, channel, kept };
}

function personFields({ team }: Workspace, member: Member, text: string): Wire {
  return { user: member.id, client_msg_id: randomUUID(), team: team.id, blocks: richText(text) };
}

/** The form in which Slack's client sends what was typed, beside the text. */
function richText(text: string): Wire[] {
  const elements = text
    .split(/(<@[A-Z0-9]+>)/)
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('<@') ? { type: 'user', user_id: part.slice(2, -1) } : { type: 'text', text: part },
    );
  const section = { type: 'rich_text_section', elements };
  return [{ type: 'rich_text', block_id: randomUUID().slice(0, 5), elements: [section] }];
}
