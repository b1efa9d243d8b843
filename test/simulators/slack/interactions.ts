import { randomBytes } from 'node:crypto';
import { findAction } from './blocks.ts';
import type { Delivery } from './delivery.ts';
import type { Messages } from './messages.ts';
import { presence } from './people.ts';
import type { ResponseUrls } from './response-urls.ts';
import { texts } from './texts.ts';
import { escape } from './typed.ts';
import type { Channel, Member, Outcome, Wire } from './wire.ts';
import { SLACKBOT, type Workspace } from './workspace.ts';

export interface Desk {
  workspace: Workspace;
  delivery: Delivery;
  messages: Messages;
  responseUrls: ResponseUrls;
}

/** A slash command. Gives the trigger id at once; the answer comes when the program acknowledges. */
export function slash(desk: Desk, person: string, room: string, typed: { command: string; text: string }): string {
  const { member, channel } = presence(desk.workspace, person, room);
  const trigger = newTrigger();
  const responseUrl = desk.responseUrls.open({ channel, person: member.id, answers: trigger });
  const payload = commandPayload(desk.workspace, { member, channel }, { ...typed, trigger, responseUrl });
  void desk.delivery.interaction('slash_commands', payload).then((outcome) => {
    if (!outcome.ok) tellFailure(desk, { channel, member, command: typed.command, outcome, trigger });
    else if (isMessage(outcome.reply)) desk.responseUrls.answer(responseUrl, outcome.reply);
  });
  return trigger;
}

/** A press on a button of a message. Gives the trigger id. */
export function press(desk: Desk, person: string, room: string, button: { ts: string; actionId: string }): string {
  const { member, channel } = presence(desk.workspace, person, room);
  const message = desk.workspace.message(channel, button.ts);
  const found = findAction(message.wire.blocks, button.actionId);
  if (!found) throw new Error(texts.noSuchButton(button.actionId));
  const trigger = newTrigger();
  const action = { ...found.element, block_id: found.block, action_ts: desk.workspace.nextTs() };
  const responseUrl = desk.responseUrls.open({ channel, person: member.id, answers: trigger, source: message });
  const container = {
    type: 'message',
    message_ts: button.ts,
    channel_id: channel.id,
    is_ephemeral: Boolean(message.to),
  };
  const about = { container, trigger_id: trigger, message: message.wire, response_url: responseUrl, actions: [action] };
  const payload = { ...pressPayload(desk.workspace, { member, channel }), ...about };
  void desk.delivery.interaction('interactive', payload);
  return trigger;
}

const newTrigger = (): string =>
  `${Date.now()}.${parseInt(randomBytes(5).toString('hex'), 16)}.${randomBytes(16).toString('hex')}`;

const isMessage = (value: unknown): value is Wire => typeof value === 'object' && value !== null && 'text' in value;

interface Presence {
  member: Member;
  channel: Channel;
}

interface Typed {
  command: string;
  text: string;
  trigger: string;
  responseUrl: string;
}

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
function commandPayload(
  { team, bot }: Workspace,
  { member, channel }: Presence,
  { command, text, trigger, responseUrl }: Typed,
): Wire {
  return {
    token: 'sample-verification-token',
    team_id: team.id,
    team_domain: team.domain,
    channel_id: channel.id,
    channel_name: channel.kind === 'direct' ? 'directmessage' : channel.name,
    user_id: member.id,
    user_name: member.name,
    command,
    text: escape(text),
    api_app_id: bot.appId,
    is_enterprise_install: 'false',
    response_url: responseUrl,
    trigger_id: trigger,
  };
}

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
function pressPayload({ team, bot }: Workspace, { member, channel }: Presence): Wire {
  return {
    type: 'block_actions',
    user: { id: member.id, username: member.name, name: member.name, team_id: team.id },
    api_app_id: bot.appId,
    token: 'sample-verification-token',
    team: { id: team.id, domain: team.domain },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: channel.id, name: channel.kind === 'direct' ? 'directmessage' : channel.name },
    state: { values: {} },
  };
}

interface Failure {
  channel: Channel;
  member: Member;
  command: string;
  outcome: Outcome;
  trigger: string;
}

/** Slackbot tells the person who asked, and nobody else. */
function tellFailure({ messages }: Desk, { channel, member, command, outcome, trigger }: Failure): void {
  const late = outcome.reason === 'timeout' || outcome.reason === 'http_timeout';
  const text = texts.commandFailed(command, late ? 'operation_timeout' : 'dispatch_failed');
  messages.post(channel, { text, fields: { user: SLACKBOT.id }, to: member.id, answers: trigger });
}
