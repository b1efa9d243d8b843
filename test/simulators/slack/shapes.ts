import type { Channel, Member, Wire } from './wire.ts';
import type { Workspace } from './workspace.ts';

/** A user object. The address is there only for an app that may see it. */
export function userWire({ scopes, team, bot }: Workspace, member: Member): Wire {
  const email = member.isBot || !scopes.has('users:read.email') ? {} : { email: `${member.name}@sample.test` };
  return {
    id: member.id,
    team_id: team.id,
    name: member.name.toLowerCase(),
    deleted: false,
    color: '9f69e7',
    real_name: member.name,
    tz: 'Etc/UTC',
    tz_label: 'Coordinated Universal Time',
    tz_offset: 0,
    profile: {
      real_name: member.name,
      real_name_normalized: member.name,
      display_name: member.isBot ? '' : member.name,
      display_name_normalized: member.isBot ? '' : member.name,
      team: team.id,
      ...email,
      ...(member.isBot ? { bot_id: bot.botId, api_app_id: bot.appId } : {}),
    },
    is_admin: member.role === 'owner' || member.role === 'admin',
    is_owner: member.role === 'owner',
    is_primary_owner: member.role === 'owner',
    is_restricted: false,
    is_ultra_restricted: false,
    is_bot: member.isBot,
    is_app_user: false,
    updated: 0,
  };
}

/** A conversation object. */
export function channelWire(channel: Channel): Wire {
  const created = Math.floor(channel.created / 1_000);
  const common = {
    id: channel.id,
    created,
    is_archived: channel.archived,
    context_team_id: channel.bot.team,
    is_org_shared: false,
  };
  if (channel.kind === 'direct') {
    const user = [...channel.members].find((id) => id !== channel.bot.id);
    return { ...common, is_im: true, user, is_user_deleted: false, priority: 0 };
  }
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: false,
    is_general: false,
    is_shared: false,
    is_ext_shared: false,
    is_member: channel.members.has(channel.bot.id),
    topic: { value: '', creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
    previous_names: [],
  };
}
