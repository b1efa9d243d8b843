import { changeAnswer, isThinking, postAnswer } from './answers.ts';
import type { Interaction } from './interactions.ts';
import { readMessage } from './message-body.ts';
import { remove } from './messages.ts';
import { problems } from './problems.ts';
import type { Asked, Reply, Route } from './routes.ts';
import { messageWire } from './wire.ts';
import type { Message } from './world.ts';

const BASE = '/webhooks/:application/:token';

/**
 * What comes after the first answer to an interaction, for the 15 minutes that its token lives:
 * https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages
 */
export const webhookRoutes: Route[] = [
  { method: 'POST', path: BASE, open: true, limit: 'followUpLimit', answer: followUp },
  { method: 'GET', path: `${BASE}/messages/:message`, open: true, answer: getAnswer },
  { method: 'PATCH', path: `${BASE}/messages/:message`, open: true, limit: 'followUpLimit', answer: editAnswer },
  { method: 'DELETE', path: `${BASE}/messages/:message`, open: true, answer: deleteAnswer },
];

/** While the first answer is only a promise, what follows takes its place; else it is a message of its own. */
function followUp(asked: Asked): Reply {
  const { platform, path } = asked;
  const interaction = interactionFor(asked);
  const body = readMessage(platform, path, asked);
  const { original } = interaction;
  if (!isThinking(original)) return { status: 200, body: messageWire(postAnswer(platform, interaction, body)) };
  changeAnswer(platform, original, body);
  return { status: 200, body: messageWire(original) };
}

function getAnswer(asked: Asked): Reply {
  return { status: 200, body: messageWire(messageFor(asked)) };
}

function editAnswer(asked: Asked): Reply {
  const message = messageFor(asked);
  changeAnswer(asked.platform, message, readMessage(asked.platform, asked.path, asked));
  return { status: 200, body: messageWire(message) };
}

/** After the first answer was deleted, a promise too, what follows stands for itself. */
function deleteAnswer(asked: Asked): Reply {
  const message = messageFor(asked);
  const interaction = interactionFor(asked);
  remove(asked.platform, message);
  if (interaction.original === message) interaction.original = undefined;
  return { status: 204 };
}

/** 10015 for a token nobody has or before the first answer, 50027 when it is too old. */
function interactionFor({ platform, params }: Asked): Interaction {
  const { interactions, settings, world } = platform;
  const interaction = interactions.byToken.get(params.token ?? '');
  if (params.application !== world.bot.id || !interaction) throw problems.unknownWebhook();
  if (Date.now() - interaction.at > settings.tokenLifeMs) throw problems.badToken();
  if (!interaction.answered) throw problems.unknownWebhook();
  return interaction;
}

/** Only what was answered to this very interaction; 10008 for anything else, and for what was deleted. */
function messageFor(asked: Asked): Message {
  const { original, id, channel } = interactionFor(asked);
  const wanted = asked.params.message === '@original' ? original?.id : asked.params.message;
  const found = channel.messages.find((one) => one.id === wanted);
  if (!found || (found !== original && found.interaction?.id !== id)) throw problems.unknownMessage();
  return found;
}
