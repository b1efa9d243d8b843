import type { Delivery } from './delivery.ts';
import type { Feed } from './feed.ts';
import type { Messages } from './messages.ts';
import { channelWire, userWire } from './shapes.ts';
import { texts } from './texts.ts';
import type { Channel, SlackSimulator, Wire } from './wire.ts';
import type { Workspace } from './workspace.ts';

interface Office {
  workspace: Workspace;
  feed: Feed;
  messages: Messages;
  delivery: Delivery;
}

type Administration = Pick<
  SlackSimulator,
  | 'join'
  | 'leave'
  | 'inviteBot'
  | 'removeBot'
  | 'archive'
  | 'unarchive'
  | 'renameRoom'
  | 'deleteRoom'
  | 'createRoom'
  | 'rename'
  | 'joinTeam'
  | 'setScopes'
  | 'revokeToken'
  | 'restoreToken'
  | 'uninstall'
>;

/** What happens to the workspace, its rooms and people, and to the app itself. */
export function administration(office: Office): Administration {
  const { workspace } = office;
  return {
    join: (person, room) => joins(office, workspace.person(person).id, workspace.room(room)),
    leave: (person, room) => leaves(office, workspace.person(person).id, workspace.room(room)),
    inviteBot: (room) => joins(office, workspace.bot.id, workspace.room(room)),
    removeBot: (room) => removesBot(office, workspace.room(room)),
    archive: (room) => archives(office, workspace.room(room), true),
    unarchive: (room) => archives(office, workspace.room(room), false),
    renameRoom: (room, name) => renamesRoom(office, workspace.room(room), name),
    deleteRoom: (room) => deletesRoom(office, workspace.room(room)),
    createRoom: (name) => createsRoom(office, name),
    rename: (person, name) => renames(office, person, name),
    joinTeam: (name) => joinsTeam(office, name),
    setScopes: (scopes) => void (workspace.scopes = new Set(scopes)),
    revokeToken: () => revokes(office),
    restoreToken: () => void (workspace.app = 'installed'),
    uninstall: () => uninstalls(office),
  };
}

function joins(office: Office, user: string, channel: Channel): void {
  channel.members.add(user);
  const member = { user, channel: channel.id, channel_type: 'C', team: office.workspace.team.id };
  tell(office, { type: 'member_joined_channel', ...member });
  office.messages.post(channel, { text: texts.joined(user), fields: { subtype: 'channel_join', user } });
}

function leaves(office: Office, user: string, channel: Channel): void {
  channel.members.delete(user);
  const member = { user, channel: channel.id, channel_type: 'C', team: office.workspace.team.id };
  tell(office, { type: 'member_left_channel', ...member });
  office.messages.post(channel, { text: texts.left(user), fields: { subtype: 'channel_leave', user } });
}

/** The app is told that it left, and nothing more of that channel. */
function removesBot(office: Office, channel: Channel): void {
  channel.members.delete(office.workspace.bot.id);
  tell(office, { type: 'channel_left', channel: channel.id, actor_id: office.workspace.person('olga').id });
}

function archives(office: Office, channel: Channel, archived: boolean): void {
  channel.archived = archived;
  const type = archived ? 'channel_archive' : 'channel_unarchive';
  tell(office, { type, channel: channel.id, user: office.workspace.person('olga').id });
}

function renamesRoom(office: Office, channel: Channel, name: string): void {
  channel.name = name;
  const created = Math.floor(channel.created / 1_000);
  tell(office, { type: 'channel_rename', channel: { id: channel.id, name, name_normalized: name, created } });
}

function deletesRoom(office: Office, channel: Channel): void {
  office.workspace.channels.delete(channel.id);
  tell(office, { type: 'channel_deleted', channel: channel.id, actor_id: office.workspace.person('olga').id });
}

/** Nobody has invited the bot into a new room yet. */
function createsRoom(office: Office, name: string): string {
  const channel = office.workspace.addChannel(name);
  channel.members.delete(office.workspace.bot.id);
  tell(office, { type: 'channel_created', channel: channelWire(channel) });
  return channel.id;
}

function renames(office: Office, person: string, name: string): void {
  const member = office.workspace.person(person);
  member.name = name;
  tellUser(office, 'user_change', userWire(office.workspace, member));
}

function joinsTeam(office: Office, name: string): string {
  const member = office.workspace.addPerson(name, 'member');
  tellUser(office, 'team_join', userWire(office.workspace, member));
  return member.id;
}

/** Slack tells the app that its token is gone. */
export function revokes(office: Pick<Office, 'workspace' | 'feed'>): void {
  office.workspace.app = 'revoked';
  tell(office, { type: 'tokens_revoked', tokens: { oauth: [], bot: [office.workspace.bot.id] } });
}

/** Slack sends both events, in no certain order. */
function uninstalls(office: Office): void {
  office.workspace.app = 'uninstalled';
  tell(office, { type: 'app_uninstalled' });
  tell(office, { type: 'tokens_revoked', tokens: { oauth: [], bot: [office.workspace.bot.id] } });
}

function tellUser(office: Office, type: string, user: Wire): void {
  tell(office, { type, user, cache_ts: Math.floor(Date.now() / 1_000) });
}

function tell({ workspace, feed }: Pick<Office, 'workspace' | 'feed'>, event: Wire): void {
  feed.publish({ ...event, event_ts: workspace.nextTs() });
}
