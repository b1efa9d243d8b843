import { type Call, type Endpoint, list, missing, refuse } from './helix-call.ts';
import type { Answer } from './rest.ts';
import type { Account, Channel } from './world.ts';

/** Who and what there is. */
export const channelRoutes: Record<string, Endpoint> = {
  'GET /users': { run: users },
  'GET /channels': { run: channels },
  'GET /streams': { run: streams },
};

/** Users by id and login, at most 100; without either, whose token it is. */
function users(call: Call): Answer {
  const { query, hub } = call;
  const asked = [...query.getAll('id'), ...query.getAll('login')];
  if (asked.length > 100) return refuse(call, 400, 'The number of IDs and logins may not be more than 100');
  const own = call.access.account;
  if (asked.length === 0)
    return own ? list([userOf(own)]) : refuse(call, 400, 'Must provide an ID, Login or OAuth Token');
  const byId = (id: string): Account | undefined => hub.world.accounts.find((one) => one.id === id);
  const byLogin = (login: string): Account | undefined => hub.world.accounts.find((one) => one.login === login);
  const found = [...query.getAll('id').map(byId), ...query.getAll('login').map(byLogin)];
  return list([...new Set(found)].filter((one) => one !== undefined).map(userOf));
}

const BORN = '2021-05-18T12:00:00Z';

const userOf = ({ id, login, name }: Account): Record<string, unknown> => ({
  id,
  login,
  display_name: name,
  type: '',
  broadcaster_type: '',
  description: '',
  profile_image_url: '',
  offline_image_url: '',
  view_count: 0,
  created_at: BORN,
});

function channels(call: Call): Answer {
  const ids = call.query.getAll('broadcaster_id');
  const absent = missing(call, 'query', 'broadcaster_id');
  return absent ?? list(call.hub.world.channels.filter(({ id }) => ids.includes(id)).map(channelOf));
}

const channelOf = ({ id, login, owner, title }: Channel): Record<string, unknown> => ({
  broadcaster_id: id,
  broadcaster_login: login,
  broadcaster_name: owner.name,
  broadcaster_language: 'en',
  game_id: '509658',
  game_name: 'Just Chatting',
  title,
  delay: 0,
  tags: [],
  content_classification_labels: [],
  is_branded_content: false,
});

/** Only those that are live are streams. */
function streams({ hub, query }: Call): Answer {
  const asked = [...query.getAll('user_id'), ...query.getAll('user_login')];
  const wanted = ({ id, login }: Channel): boolean => asked.length === 0 || asked.includes(id) || asked.includes(login);
  const live = hub.world.channels.filter((channel) => channel.live && wanted(channel));
  return list(live.map(streamOf), { pagination: {} });
}

const streamOf = ({ id, login, owner, title }: Channel): Record<string, unknown> => ({
  id: `9${id}`,
  user_id: id,
  user_login: login,
  user_name: owner.name,
  game_id: '509658',
  game_name: 'Just Chatting',
  type: 'live',
  title,
  tags: [],
  viewer_count: 4,
  started_at: BORN,
  language: 'en',
  thumbnail_url: '',
  tag_ids: [],
  is_mature: false,
});
