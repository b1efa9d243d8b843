import { join } from 'node:path';
import type { Auth } from '#auth/auth.ts';
import { loginThrottle } from '#auth/login-throttle.ts';
import { accountMails } from '#auth/mailed-links.ts';
import { oidcOf } from '#auth/oidc.ts';
import { offeredOn, usable } from '#bot/may-run.ts';
import { eraseAccount } from '#auth/erase-account.ts';
import { exportAccount, type PersonalParts } from '#auth/export-account.ts';
import { receiver } from '#bot/receive-message.ts';
import { outgoingTo } from '#bus/bus.ts';
import type { Chat } from '#chat/chat.ts';
import { houseOrder } from '#chat/house-order.ts';
import { httpConnector } from '#connectors/http/index.ts';
import type { CallResult } from '#connectors/http/listen.ts';
import { argumentsSchema } from '#connectors/http/register.ts';
import { webchatConnector } from '#connectors/webchat/index.ts';
import { every } from '#core/every.ts';
import { LIMITS } from '#core/limits.ts';
import type { LiveEvent } from '#core/live.ts';
import { isLoopback } from '#core/loopback.ts';
import type { Mail, Mailer, MailHealth } from '#core/mail.ts';
import type { OutgoingMessage } from '#core/message.ts';
import { needUse } from '#core/rate.ts';
import type { Sealer } from '#core/secret.ts';
import type { Hall, OperatorPort, YourDataPort } from '#http/hall.ts';
import { hallServer, type HallServer } from '#http/server.ts';
import { pageMailer, smtpMailer, terminalMailer } from '#mail/mailer.ts';
import { seedsOf } from '#secrets/seeds.ts';
import { secretsOf } from '#secrets/secrets.ts';
import { listCommandSettings } from '#storage/command-settings.ts';
import type { PartHealth } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';
import { findAnswer } from '#storage/work.ts';
import { linkingPort, platformsServed } from '#src/linking.ts';
import { personalData } from '#src/personal-data.ts';
import { auditPort } from '#src/audit-port.ts';
import { communityOverview } from '#src/community-overview.ts';
import { communityPort } from '#src/community-port.ts';
import { featurePort } from '#src/feature-port.ts';
import { spacePort } from '#src/space-port.ts';
import type { Config } from '#src/config.ts';
import type { Certificate } from '#src/tls.ts';
import { VERSION } from '#src/version.ts';
import { mailOut, type MailOutPart } from './mail-out.ts';
import type { PlatformsPart } from './platforms.ts';
import type { Part, Site } from './site.ts';

export interface HallPart extends Part {
  server: HallServer;
  auth: Auth;
}

export interface HallPartOptions {
  operator: OperatorPort;
  instance: Hall['instance'];
  platforms: PlatformsPart;
  tls?: Certificate;
  demo?: boolean;
  /** Shows a mail to the operator, where no server is set to send it. */
  onMail?(mail: Mail): void;
}

/** The web-facing part: pages, routes, live connections, and the answers that go to them. */
export async function hallPart(site: Site, options: HallPartOptions): Promise<HallPart> {
  const { storage, bus, clock, logger, commands, vault } = site;
  const { tls } = options;
  const chat: Chat = { storage, bus, clock, order: houseOrder({ storage, clock, rates: site.rates }) };
  const seal: Sealer = (value, name) => vault.seal(value, name);
  const taking = { receive: receiver(storage, bus.parts), commands, seal };
  const webchat = webchatConnector(chat, taking);
  const announce = (event: LiveEvent): void => bus.announce('rooms', event);
  const http = httpConnector({ announce, sayInRoom: webchat.send }, { ...taking, hall: site.id });
  const auth = makeAuth(site, announce);
  const mailer = mailOut({
    ...site,
    mailer: mailerOf(site, options),
    writers: Object.assign({}, accountMails(site), ...site.features.map(({ mails }) => mails)),
  });
  const hall = makeHall(site, { options, auth, mailer, chat, webchat, http });
  const server = await hallServer(hall, { logger, ...(tls && { tls }) });
  bus.listen('rooms', (body) => http.answered(body as LiveEvent));
  bus.listen('rooms', (body) => server.deliver(body as LiveEvent));
  bus.onUp(() => server.hub.cut());
  const taken = [webchat, http].map((one) =>
    bus.subscribe(outgoingTo(one.platform), (body) => one.send(body as OutgoingMessage)),
  );
  const stopAsking = askSources(site);
  return {
    server,
    auth,
    health: () => mailHealth(mailer.health()),
    async stop(graceMs) {
      const end = performance.now() + graceMs;
      stopAsking();
      // Calls that wait for an answer get it: the bus works on while the server lets nobody new in.
      const cut = setTimeout(() => server.app.server.closeAllConnections(), graceMs);
      await server.app.close();
      clearTimeout(cut);
      const left = Math.max(0, end - performance.now());
      await Promise.all([...taken, mailer].map((one) => one.stop(left)));
    },
  };
}

/** One that is not set is no part of the process, and nothing that could fail. */
function mailHealth({ state, ...more }: MailHealth): PartHealth[] {
  return state === 'off' ? [] : [{ name: 'mail', state, ...more }];
}

function makeAuth({ config, storage, clock, rates, vault }: Site, announce: Auth['announce']): Auth {
  return {
    storage,
    clock,
    throttle: loginThrottle(rates),
    signups: { take: (address) => needUse(rates, `signup ${address}`, config.SIGNUP_LIMIT) },
    signup: config.SIGNUP,
    idleMinutes: config.SESSION_IDLE_MINUTES,
    oidc: oidcBy(config),
    seeds: seedsOf({ storage, clock, vault }),
    announce,
  };
}

function oidcBy({ OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret }: Config) {
  return clientId && clientSecret ? oidcOf({ issuer, clientId, clientSecret }) : undefined;
}

function mailerOf({ config }: Site, { demo, onMail }: HallPartOptions): Mailer {
  const { SMTP_URL: url, MAIL_FROM: from } = config;
  if (url && from) return smtpMailer({ url, from });
  return demo ? pageMailer() : terminalMailer((mail) => onMail?.(mail));
}

interface Made {
  options: HallPartOptions;
  auth: Auth;
  mailer: MailOutPart;
  chat: Chat;
  webchat: ReturnType<typeof webchatConnector>;
  http: ReturnType<typeof httpConnector>;
}

function makeHall(site: Site, { options, auth, mailer, chat, webchat, http }: Made): Hall {
  const { id, storage, clock, commands, config, rates } = site;
  const { operator, instance, platforms } = options;
  return {
    id,
    shared: site.leases !== undefined,
    auth,
    chat,
    rates,
    mailer,
    ...verificationOf(site),
    commands: {
      all: commands,
      offer: async (community, who) =>
        webchat.offer(
          usable(offeredOn('webchat', commands.values()), who, await listCommandSettings(storage.db, community)),
        ),
      schema: argumentsSchema,
      post: (person, post) => webchat.post(person, post),
      call: async ({ who: { account, name, username }, ...called }, seconds) =>
        orKept(storage, await http.call({ ...called, who: { account, name, username } }, seconds)),
      answer: (request) => findAnswer(storage.db, request),
    },
    communities: communityPort({
      storage,
      clock,
      commands,
      changed: (community) => platforms.connectors().forEach((one) => one.commandsChanged?.(community)),
    }),
    features: featurePort(site),
    linking: linkingPort(config, () => platformsServed(site, platforms)),
    audit: auditPort(site),
    overview: communityOverview({ storage, clock }),
    spaces: spacePort(site, () => platforms.health()),
    yourData: yourDataOf({ ...auth, personal: personalData(site.features) }),
    secrets: secretsOf({ storage, clock, vault: site.vault }),
    operator,
    instance,
    webhooks: platforms.webhooks,
    settings: hallSettings(config, options.demo ?? false),
  };
}

function verificationOf({ features }: Site): Pick<Hall, 'verification'> {
  const verification = features.find((one) => one.verification)?.verification;
  return verification ? { verification } : {};
}

/** Databases of the operator's that lists come from. Only halls know them; whichever of them comes first asks. */
function askSources({ features, logger }: Site): () => void {
  const ask = async (): Promise<void> => {
    for (const { verification } of features) await verification?.list.askSources();
  };
  return every(LIMITS.verifyEndEvery, ask, (err) => logger.error({ err }, 'a list was not taken from its database'));
}

function yourDataOf(parts: PersonalParts): YourDataPort {
  return {
    export: (account) => exportAccount(parts, account),
    erase: (person, asked) => eraseAccount(parts, person, asked),
    keeps: (messages) => parts.personal.flatMap(({ keeps }) => keeps({ messages })),
  };
}

/** What a call came to. Where its answer was lost on the way here, it stands in the database. */
async function orKept(storage: Storage, called: CallResult): Promise<CallResult> {
  if (!('job' in called)) return called;
  const kept = await findAnswer(storage.db, called.job);
  if (!kept?.reply) return called;
  return { reply: kept.reply, ...(kept.refusal && { refusal: kept.refusal }) };
}

function hallSettings(config: Config, demo: boolean): Hall['settings'] {
  return {
    version: VERSION,
    demo,
    publicUrl: config.PUBLIC_URL,
    https: config.TLS !== 'off' || config.PUBLIC_URL?.startsWith('https:') === true,
    loopback: isLoopback(config.HOST),
    corsOrigins: config.CORS_ORIGINS,
    trustedProxies: config.TRUSTED_PROXIES,
    metricsToken: config.METRICS_TOKEN,
    communities: config.COMMUNITIES,
    limits: { post: config.POST_LIMIT, read: config.READ_LIMIT },
    pages: join(import.meta.dirname, '../../web/dist'),
  };
}
