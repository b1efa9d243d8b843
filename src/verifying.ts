import { outgoingTo } from '#bus/bus.ts';
import { announce, type Chat } from '#chat/chat.ts';
import { tellOf } from '#chat/change-member.ts';
import { tellModerators } from '#chat/tell-moderators.ts';
import type { RateStore } from '#core/rate.ts';
import type { VerifyParts } from '#features/verify/index.ts';
import type { Config } from './config.ts';
import { listDatabases } from './list-sources.ts';

/** What the verification gate is given: the chat tells the pages, platforms are asked over the bus. */
export function verifyParts({ rates, config, ...chat }: Chat & { rates: RateStore; config: Config }): VerifyParts {
  const { storage, clock } = chat;
  return {
    storage,
    clock,
    rates,
    databases: listDatabases(config),
    base: () => config.PUBLIC_URL ?? ownAddress(config),
    send: (tx, platform, body) => tx.publish(outgoingTo(platform), body),
    changed(community, accounts) {
      if (accounts.length <= TOLD_ONE_BY_ONE)
        return accounts.forEach((account) => tellOf(chat, { community, account }));
      announce(chat, { kind: 'rooms', community });
      announce(chat, { kind: 'members', community });
    },
    tellModerators: (community) => tellModerators(chat, community),
  };
}

/** Above that everybody of the community looks anew. */
const TOLD_ONE_BY_ONE = 20;

/** On this machine alone, where no other address is known. */
function ownAddress({ TLS, HOST, PORT }: Config): string {
  return `${TLS === 'off' ? 'http' : 'https'}://${HOST.includes(':') ? `[${HOST}]` : HOST}:${PORT}`;
}
