import { objects } from './blocks.ts';
import {
  ApiError,
  type Args,
  type Back,
  conversation,
  invalidArguments,
  type Method,
  needMember,
  pageOf,
} from './call.ts';
import { fileWire } from './people.ts';
import { userWire } from './shapes.ts';
import type { Upload } from './uploads.ts';
import { sentText } from './typed.ts';
import type { Wire } from './wire.ts';
import { botFields, findMessage } from './workspace.ts';

/** The methods about the app, the people, the workspace and files. https://docs.slack.dev/reference/methods */
export const otherMethods: Record<string, Method> = {
  'auth.test': { scopes: [], args: [], run: authTest },
  'apps.connections.open': { scopes: [], args: [], appToken: true, run: openConnection },
  'users.info': { scopes: ['users:read'], args: ['user', 'include_locale'], run: userInfo },
  'users.list': { scopes: ['users:read'], args: ['cursor', 'limit', 'include_locale', 'team_id'], run: userList },
  'team.info': { scopes: ['team:read'], args: ['team', 'domain'], run: teamInfo },
  'bots.info': { scopes: ['users:read'], args: ['bot', 'team_id'], run: botInfo },
  'reactions.add': { scopes: ['reactions:write'], args: ['channel', 'timestamp', 'name'], run: react },
  'files.getUploadURLExternal': {
    scopes: ['files:write'],
    args: ['filename', 'length', 'alt_txt', 'alt_text', 'snippet_type'],
    run: uploadUrl,
  },
  'files.completeUploadExternal': {
    scopes: ['files:write'],
    args: ['files', 'channel_id', 'channels', 'thread_ts', 'initial_comment', 'blocks'],
    run: completeUpload,
  },
};

function openConnection(_args: Args, { linkUrl }: Back): Wire {
  const url = linkUrl();
  if (!url) throw new ApiError('access_denied');
  return { url };
}

function authTest(_args: Args, { workspace: { team, bot } }: Back): Wire {
  const who = { user: bot.name.toLowerCase(), user_id: bot.id, bot_id: bot.botId };
  const where = { url: `https://${team.domain}.slack.com/`, team: team.name, team_id: team.id };
  return { ...where, ...who, is_enterprise_install: false };
}

function userInfo(args: Args, { workspace }: Back): Wire {
  const member = workspace.members.get(args.required('user'));
  if (!member) throw new ApiError('user_not_found');
  return { user: userWire(workspace, member) };
}

function userList(args: Args, { workspace }: Back): Wire {
  const { page, metadata } = pageOf(args, [...workspace.members.values()]);
  const cache = Math.floor(Date.now() / 1_000);
  return { members: page.map((member) => userWire(workspace, member)), cache_ts: cache, response_metadata: metadata };
}

function teamInfo(args: Args, { workspace: { team } }: Back): Wire {
  if ((args.text('team') ?? team.id) !== team.id) throw new ApiError('team_not_found');
  return { team: { ...team, email_domain: '', icon: {}, url: `https://${team.domain}.slack.com/` } };
}

function botInfo(args: Args, { workspace: { bot } }: Back): Wire {
  if (args.required('bot') !== bot.botId) throw new ApiError('bot_not_found');
  const who = { id: bot.botId, user_id: bot.id, app_id: bot.appId, name: bot.name };
  return { bot: { ...who, deleted: false, updated: 0, icons: {} } };
}

function react(args: Args, back: Back): Wire {
  const channel = conversation(back, args.required('channel'));
  needMember(channel);
  const name = args.required('name').replaceAll(':', '');
  if (!/^[\w+'-]+$/.test(name)) throw new ApiError('invalid_name');
  const kept = findMessage(channel, args.required('timestamp'));
  if (!kept || kept.to) throw new ApiError('message_not_found');
  const reactions = objects(kept.wire.reactions);
  if (reactions.some((one) => one.name === name)) throw new ApiError('already_reacted');
  kept.wire = { ...kept.wire, reactions: [...reactions, { name, users: [back.workspace.bot.id], count: 1 }] };
  return {};
}

function uploadUrl(args: Args, { uploads, base }: Back): Wire {
  const length = args.number('length', 0);
  if (length <= 0) throw invalidArguments('missing required field: length');
  const { path, id } = uploads.announce(args.required('filename'), length);
  return { upload_url: base + path, file_id: id };
}

/** Shares what was uploaded. Without a channel the files stay the bot's own. */
function completeUpload(args: Args, back: Back): Wire {
  const wanted = objects(args.json('files', 'invalid_arguments'));
  if (wanted.length === 0) throw invalidArguments('missing required field: files');
  const uploads = wanted.map(({ id }) => uploaded(back, String(id)));
  const files = uploads.map((upload, index) => sharedFile(back, upload, wanted[index]?.title));
  const channelId = args.text('channel_id') ?? args.text('channels');
  if (channelId) shareIn(channelId, files, args, back);
  for (const upload of uploads) upload.shared = true;
  return { files };
}

function uploaded({ uploads }: Back, id: string): Upload {
  const upload = uploads.find(id);
  if (!upload || upload.bytes === undefined || upload.shared) throw new ApiError('file_not_found');
  return upload;
}

function shareIn(channelId: string, files: Wire[], args: Args, back: Back): void {
  const channel = conversation(back, channelId);
  needMember(channel);
  if (channel.archived) throw new ApiError('is_archived');
  const text = sentText(args.text('initial_comment') ?? '');
  const fields = { ...botFields(back.workspace.bot), subtype: 'file_share', upload: true, files };
  const threadTs = args.text('thread_ts');
  back.messages.post(channel, { text, fields, ...(threadTs ? { threadTs } : {}) });
}

function sharedFile({ workspace: { team, bot } }: Back, { id, name, bytes = 0 }: Upload, title: unknown): Wire {
  const type = TYPES[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream';
  return { ...fileWire({ id, name, type, bytes }, { id: bot.id, team: team.id }), title: String(title ?? name) };
}

const TYPES: Record<string, string> = {
  csv: 'text/csv',
  gif: 'image/gif',
  jpg: 'image/jpeg',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
};
