import { answerParent } from '#bench/load/answer-parent.ts';
import { commandNames, dispatchCost, type Asked, type Connect, type Dispatched } from '#bench/load/dispatch.ts';
import { twitchWire, type TwitchWire } from '#bench/wires/twitch.ts';
import { peerModule } from './peer-module.ts';

/** Twurple's EasyBot with a command for each name, and its plain chat client with a map. https://twurple.js.org/docs/examples/chat/basic-bot.html */
answerParent({ dispatch });

interface EasyBot {
  Bot: new (options: object) => { chat: ChatClient };
  createBotCommand(name: string, run: (params: string[], context: Context) => Promise<void>): unknown;
}

interface Context {
  msg: Message;
  reply(text: string): Promise<void>;
}

interface Message {
  id: string;
  userInfo: { isMod: boolean; isBroadcaster: boolean };
}

interface ChatModule {
  ChatClient: new (options: object) => ChatClient;
}

interface ChatClient {
  connect(): void;
  onMessage(listener: (channel: string, user: string, text: string, message: Message) => Promise<void>): void;
  say(channel: string, text: string, options: { replyTo: string }): Promise<void>;
  _getAuthToken(): Promise<string>;
  _messageRateLimiter: { _bucketSize: number };
}

interface Made {
  /** The plain client instead of EasyBot. */
  plain?: boolean;
}

async function dispatch({ bot, pace }: Asked<Made>): Promise<Dispatched> {
  return dispatchCost(await (bot.plain ? plainClient(bot.commands) : easyBot(bot.commands)), pace);
}

async function easyBot(count: number): Promise<Connect> {
  const { Bot, createBotCommand } = await peerModule<EasyBot>('@twurple/easy-bot');
  const connection = await peerModule<ConnectionModule>('@d-fischer/connection');
  return async (said) => {
    const { hear, joined } = cut(connection, twitchWire(said));
    const commands = commandNames(count).map((name) =>
      createBotCommand(name, async (params, { msg, reply }) => reply(echo(msg, params))),
    );
    const bot = new Bot({ authProvider: NOBODY, channel: 'square', commands, chatClientOptions: BOUNDLESS });
    free(bot.chat);
    await joined;
    return hear;
  };
}

async function plainClient(count: number): Promise<Connect> {
  const { ChatClient } = await peerModule<ChatModule>('@twurple/chat');
  const connection = await peerModule<ConnectionModule>('@d-fischer/connection');
  return async (said) => {
    const { hear, joined } = cut(connection, twitchWire(said));
    const commands = new Map(commandNames(count).map((name) => [name, echo]));
    const chat = new ChatClient({ authProvider: NOBODY, channels: ['square'], ...BOUNDLESS });
    chat.onMessage(async (channel, _user, text, message) => {
      if (!text.startsWith('!')) return;
      const [name = '', ...params] = text.slice(1).split(/\s+/);
      const command = commands.get(name);
      if (command) await chat.say(channel, command(message, params), { replyTo: message.id });
    });
    chat.connect();
    free(chat);
    await joined;
    return hear;
  };
}

function echo({ userInfo }: Message, [n = '', ...words]: string[]): string {
  if (!userInfo.isMod && !userInfo.isBroadcaster) return 'This is for moderators.';
  if (!/^\d+$/.test(n)) return 'n is not a whole number.';
  return `${Number(n)}-${words.join(' ')}`;
}

/** The class that holds the socket of every client of Twurple's. */
interface ConnectionModule {
  WebSocketConnection: { prototype: Connection };
}

interface Connection {
  connect(): void;
  disconnect(): void;
  sendRaw(frame: string): void;
  receiveRaw(frame: string): void;
  emit(event: unknown): void;
  onConnect: unknown;
  _connected: boolean;
}

/** Whoever connects in this process now talks with the wire. */
function cut({ WebSocketConnection }: ConnectionModule, wire: TwitchWire): TwitchWire {
  const connect = (one: Connection): void =>
    wire.connect({
      opened() {
        one._connected = true;
        one.emit(one.onConnect);
      },
      receive: (frame) => one.receiveRaw(frame),
    });
  Object.assign(WebSocketConnection.prototype, {
    connect(this: Connection) {
      connect(this);
    },
    disconnect: () => undefined,
    sendRaw: (frame: string) => wire.take(frame),
  });
  return wire;
}

const NOBODY = { clientId: 'bench', getAccessTokenForIntent: async () => undefined };

const BOUNDLESS = { isAlwaysMod: true, botLevel: 'verified' };

/** Its token is not looked up, and its limiter counts as ever but has a bucket that is never full. */
function free(chat: ChatClient): void {
  chat._getAuthToken = async () => 'oauth:bench';
  chat._messageRateLimiter._bucketSize = Infinity;
}
