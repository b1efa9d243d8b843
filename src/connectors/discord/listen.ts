import { AppError } from '#core/errors.ts';
import type { ConnectorPorts, PlatformActions } from '#core/platform.ts';
import { findSecret, isNotSealed, sealedAsk } from '#core/secret-arguments.ts';
import type { Calls } from './calls.ts';
import { complete } from './complete.ts';
import {
  INTERACTION,
  type AutoModPayload,
  type ChannelPayload,
  type Dispatch,
  type GuildPayload,
  type GuildRolePayload,
  type InteractionPayload,
  type MemberPayload,
  type MessagePayload,
  type ReadyPayload,
} from './discord.external.ts';
import { faultOf } from './faults.ts';
import type { Gates } from './gate.ts';
import { rolesOf, type Guild, type Guilds } from './guilds.ts';
import type { Health } from './health.ts';
import type { Post } from './post.ts';
import { readMessage, readSlash, type Asked, type Me } from './read.ts';
import { secretInPublic } from './secret-in-public.ts';
import { tellAsker } from './tell-asker.ts';
import { TEXTS } from './texts.ts';
import type { WordLists } from './word-list.ts';

export interface ListenOptions {
  ports: ConnectorPorts;
  calls: Calls;
  post: Post;
  guilds: Guilds;
  health: Health;
  actions: Pick<PlatformActions, 'deleteMessage'>;
  words: Pick<WordLists, 'blocked' | 'left'>;
  gates: Pick<Gates, 'line' | 'member' | 'roleChanged' | 'roomChanged' | 'left'> | undefined;
  /** The gateway told which application it is. */
  ready(app: string): void;
  /** A guild that the bot is in, with the application whose commands stand there. */
  arrived(guild: Guild, app: string): void;
}

/** Takes the gateway's events: what is for the bot goes to the hall, and nothing else costs anything. */
export class Listener {
  readonly #options: ListenOptions;
  readonly #refusePublic: (message: Asked['message']) => Promise<boolean>;
  #underWay = 0;
  #allDone: (() => void) | undefined;
  /** Commands by their names in the menu of messages. */
  readonly #menus: ReadonlyMap<string, string>;
  #me: Me | undefined;

  constructor(options: ListenOptions) {
    this.#options = options;
    const commands = [...options.ports.commands.values()];
    this.#menus = new Map(commands.flatMap(({ name, menu }) => (menu === undefined ? [] : [[menu, name]])));
    this.#refusePublic = secretInPublic(options);
  }

  /** One event. Never throws. */
  take(event: Dispatch): void {
    try {
      this.#take(event);
    } catch (error) {
      this.#warn(error, `a ${event.t} could not be read`);
    }
  }

  /** The application's id, once the gateway told it. */
  get app(): string {
    return this.#me?.app ?? '';
  }

  /** Resolves when all that was heard is taken in. */
  async settled(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#allDone = resolve));
  }

  #take({ t, d }: Dispatch): void {
    const { guilds } = this.#options;
    if (t === 'MESSAGE_CREATE') return this.#message(d as MessagePayload);
    if (t === 'INTERACTION_CREATE') return this.#interaction(d as InteractionPayload);
    if (t === 'READY') return this.#ready(d as ReadyPayload);
    const me = this.#me;
    if (!me) return;
    if (t === 'GUILD_CREATE' || t === 'GUILD_UPDATE') this.#guild(d as GuildPayload, me, t === 'GUILD_CREATE');
    else if (t === 'GUILD_DELETE') this.#left(d as GuildPayload);
    else if (t === 'GUILD_ROLE_CREATE' || t === 'GUILD_ROLE_UPDATE') this.#role(d as GuildRolePayload, me);
    else if (t === 'GUILD_ROLE_DELETE') this.#noteRoles(guilds.roleGone(d as GuildRolePayload));
    else if (t === 'MESSAGE_UPDATE') this.#edited(d as MessagePayload);
    else if (t === 'GUILD_MEMBER_ADD' || t === 'GUILD_MEMBER_UPDATE')
      this.#options.gates?.member(d as MemberPayload, t === 'GUILD_MEMBER_ADD');
    else if (t === 'CHANNEL_UPDATE') this.#options.gates?.roomChanged((d as ChannelPayload).guild_id);
    else if (t === 'AUTO_MODERATION_ACTION_EXECUTION') this.#blocked(d as AutoModPayload);
  }

  /** A right that the bot missed may be there now. */
  #role(payload: GuildRolePayload, me: Me): void {
    const guild = this.#options.guilds.role(payload, me.id);
    this.#noteRoles(guild);
    if (!guild || !payload.role) return;
    if (payload.role.id === guild.mine) this.#options.arrived(guild, me.app);
    else this.#options.gates?.roleChanged(guild, payload.role.id);
  }

  #blocked(heard: AutoModPayload): void {
    this.#options.words
      .blocked(heard)
      .catch((error: unknown) => this.#warn(error, 'what AutoMod blocked could not be noted'));
  }

  #left(payload: GuildPayload): void {
    const { guilds, ports, words, gates } = this.#options;
    guilds.left(payload);
    if (payload.unavailable) return;
    words.left(payload.id);
    gates?.left(payload.id);
    ports.places
      .gone({ platform: 'discord', platformId: payload.id })
      .catch((error: unknown) => this.#warn(error, 'that the bot left a guild could not be noted'));
  }

  /** For who says what a role there is worth here. */
  #noteRoles(guild: Guild | undefined): void {
    if (!guild) return;
    this.#options.ports.places
      .roles({ platform: 'discord', platformId: guild.id }, rolesOf(guild))
      .catch((error: unknown) => this.#warn(error, 'the roles of a guild could not be noted'));
  }

  #ready({ user, application }: ReadyPayload): void {
    const name = user.global_name ?? user.username;
    this.#me = { id: user.id, app: application.id, style: { sign: `@${name} ` } };
    this.#options.ready(application.id);
  }

  #guild(payload: GuildPayload, me: Me, isNew: boolean): void {
    if (payload.unavailable) return;
    const guild = this.#options.guilds.arrived(payload, me.id);
    if (isNew) this.#options.arrived(guild, me.app);
  }

  /** A link that Discord made a picture of changes a line too, and its words are the same. */
  #edited(line: MessagePayload): void {
    if (line.edited_timestamp) this.#options.gates?.line(line);
  }

  #message(line: MessagePayload): void {
    if (line.guild_id !== undefined) this.#options.gates?.line(line);
    // Most lines end here: they are chatter of a guild.
    if (line.guild_id !== undefined && !line.content.startsWith('<@')) return;
    if (!this.#me) return;
    const asked = readMessage(line, this.#me, this.#guildOf(line.guild_id), this.#options.ports.clock());
    if (asked) void this.#receive(asked);
  }

  #interaction(heard: InteractionPayload): void {
    if (heard.type === INTERACTION.completion) return this.#complete(heard);
    const asked = readSlash(heard, this.#guildOf(heard.guild_id), this.#options.ports.clock(), this.#menus);
    if (!asked) return;
    const to = { interaction: heard.id, token: heard.token, app: heard.application_id };
    // A second delivery: the first one is being answered.
    if (!this.#options.post.interactions.open(to)) return;
    void this.#receive(asked);
  }

  #complete(heard: InteractionPayload): void {
    const to = { interaction: heard.id, token: heard.token };
    const choices = complete(heard, this.#options.ports.commands);
    this.#options.calls.choices(to, choices).catch((error: unknown) => this.#warn(error, 'a completion was not taken'));
  }

  async #receive({ id, place, message }: Asked): Promise<void> {
    const { ports, post, health } = this.#options;
    this.#underWay++;
    try {
      if (await this.#refusePublic(message)) return;
      // Discord shows a slash command, its options too, over an answer that all see.
      if (findSecret(message.ask, ports.commands)) message.from.alone = true;
      message.ask = await sealedAsk(message.ask, message.who.account, ports);
      message.community = (await ports.space(place)).community;
      if ((await ports.receive(message, id)) === message.id) health.counts.received++;
    } catch (error) {
      if (error instanceof AppError && error.status === 409) return;
      const code = error instanceof AppError ? error.code : 'not-received';
      ports.log.error({ platform: 'discord', code }, 'a command could not be taken in; the asker is told so');
      await tellAsker(post, ports.log, message.from, isNotSealed(error) ? error.message : TEXTS.notTaken);
    } finally {
      if (--this.#underWay === 0) this.#allDone?.();
    }
  }

  #guildOf(id: string | undefined): Guild | undefined {
    return id === undefined ? undefined : this.#options.guilds.get(id);
  }

  #warn(error: unknown, what: string): void {
    const { code, words } = faultOf(error);
    this.#options.ports.log.warn({ platform: 'discord', code }, `${what}: ${words}`);
  }
}
