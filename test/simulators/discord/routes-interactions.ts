import { changeAnswer, postAnswer, postThinking } from './answers.ts';
import { type Interaction, INTERACTION } from './interactions.ts';
import { readMessage } from './message-body.ts';
import { FLAGS } from './messages.ts';
import { type Platform, violate } from './platform.ts';
import { problems, refuseForm, type Wrong, wrong } from './problems.ts';
import type { Asked, Reply, Route } from './routes.ts';
import { texts } from './texts.ts';
import { messageWire } from './wire.ts';
import type { Json, Message } from './world.ts';

/** The first answer to an interaction. Its token is the permission, so it needs no Authorization. */
export const interactionRoutes: Route[] = [
  { method: 'POST', path: '/interactions/:id/:token/callback', open: true, answer: firstAnswer },
];

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object */
const CALLBACK = { message: 4, thinking: 5, thinkingUpdate: 6, update: 7, choices: 8 };

/**
 * Discord takes one answer, within 3 s: 10062 for a wrong token or after that time, 40060 for a second answer.
 * With `with_response=true` it tells what became of it.
 */
function firstAnswer(asked: Asked): Reply {
  const { platform, params, query } = asked;
  const interaction = interactionFor(platform, params);
  const { type, data }: Json = { ...Object(asked.body) };
  const act = ACTS[Number(type)];
  if (!act) {
    violate(platform, texts.notSpoken(`interaction callbacks of type ${String(type)}`));
    return refuseForm([wrong.choice('(4, 5, 6, 7, 8)', 'type')]) ?? { status: 400 };
  }
  if (!fits(interaction, Number(type))) refuseForm([wrong.because('INTERACTION_INVALID_TYPE', NOT_HERE, 'type')]);
  const message = act(asked, interaction, data);
  interaction.answered = { at: Date.now(), type: Number(type) };
  for (const tell of interaction.onAnswer.splice(0)) tell(Number(type), data);
  if (query.get('with_response') !== 'true') return { status: 204 };
  return { status: 200, body: callbackWire(interaction, Number(type), message) };
}

const NOT_HERE = 'This type of response does not fit this type of interaction.';

function interactionFor({ interactions, settings }: Platform, params: Record<string, string>): Interaction {
  const interaction = interactions.byId.get(params.id ?? '');
  if (!interaction || interaction.token !== params.token) throw problems.unknownInteraction();
  if (interaction.answered) throw problems.alreadyAnswered();
  if (Date.now() - interaction.at > settings.answerWithinMs) throw problems.unknownInteraction();
  return interaction;
}

function fits(interaction: Interaction, type: number): boolean {
  if (interaction.type === INTERACTION.autocomplete) return type === CALLBACK.choices;
  if (type === CALLBACK.thinkingUpdate || type === CALLBACK.update) return interaction.type === INTERACTION.component;
  return type !== CALLBACK.choices;
}

type Act = (asked: Asked, interaction: Interaction, data: unknown) => Message | undefined;

const ACTS: Record<number, Act> = {
  [CALLBACK.message]: (asked, interaction, data) => {
    const body = readMessage(asked.platform, asked.path, { body: data ?? {}, uploads: asked.uploads });
    return (interaction.original = postAnswer(asked.platform, interaction, body));
  },
  [CALLBACK.thinking]: ({ platform }, interaction, data) =>
    (interaction.original = postThinking(platform, interaction, Number(Object(data).flags ?? 0))),
  [CALLBACK.thinkingUpdate]: (_asked, interaction) => (interaction.original = interaction.pressed),
  [CALLBACK.update]: (asked, interaction, data) => {
    const body = readMessage(asked.platform, asked.path, { body: data ?? {}, uploads: asked.uploads });
    if (interaction.pressed) changeAnswer(asked.platform, interaction.pressed, body);
    return (interaction.original = interaction.pressed);
  },
  [CALLBACK.choices]: (_asked, _interaction, data) => {
    refuseForm(wrongChoices(Object(data).choices));
    return undefined;
  },
};

const MOST_CHOICES = 25;
const LONGEST_CHOICE = 100;

function wrongChoices(choices: unknown): Wrong[] {
  if (!Array.isArray(choices)) return [wrong.required('data', 'choices')];
  if (choices.length > MOST_CHOICES) return [wrong.longerThan(MOST_CHOICES, 'data', 'choices')];
  return choices.flatMap((choice: unknown, index) => {
    const { name, value }: Json = { ...Object(choice) };
    const at = ['data', 'choices', index] as const;
    return [
      ...(typeof name === 'string' && isShort(name) ? [] : [wrong.length(1, LONGEST_CHOICE, ...at, 'name')]),
      ...(typeof value === 'string' && !isShort(value) ? [wrong.length(1, LONGEST_CHOICE, ...at, 'value')] : []),
      ...(value === undefined || value === null ? [wrong.required(...at, 'value')] : []),
    ];
  });
}

const isShort = (text: string): boolean => text.length >= 1 && text.length <= LONGEST_CHOICE;

function callbackWire({ id, type: kind }: Interaction, type: number, message: Message | undefined): Json {
  const told = message && {
    response_message_id: message.id,
    response_message_loading: (message.flags & FLAGS.loading) !== 0,
    response_message_ephemeral: message.only !== undefined,
  };
  return {
    interaction: { id, type: kind, ...told },
    resource: { type, ...(message ? { message: messageWire(message) } : {}) },
  };
}
