import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { optional, word } from '#core/arguments.ts';
import { command } from '#core/command.ts';
import { say } from '#core/message.ts';
import { slackManifest } from './register.ts';
import { SCOPES } from './slack.external.ts';

const declare = (name: string, summary = 'Does it') =>
  command({
    name,
    summary,
    args: { symbol: word('a ticker'), day: optional(word('a day')) },
    example: `/${name} x`,
    allow: 'member',
    limit: { uses: 1, perSeconds: 1 },
    run: () => say(''),
  });

interface Manifest {
  features: { slash_commands: { command: string; usage_hint: string; description: string; url?: string }[] };
  oauth_config: { scopes: { bot: string[] } };
  settings: { event_subscriptions: { request_url?: string; bot_events: string[] }; socket_mode_enabled: boolean };
}

const manifest = (options: Partial<Parameters<typeof slackManifest>[0]> = {}): Manifest =>
  slackManifest({ commands: [declare('help'), declare('stock')], socketMode: true, ...options }) as Manifest;

describe('the manifest', () => {
  test('has the command for all and each own command that Slack has not taken', () => {
    const { slash_commands: commands } = manifest().features;
    assert.deepEqual(
      commands.map((one) => [one.command, one.usage_hint]),
      [
        ['/guildhall', 'help symbol [day] | stock symbol [day]'],
        ['/stock', 'symbol [day]'],
      ],
    );
  });

  test('for Socket Mode needs no address, for HTTP it is everywhere', () => {
    assert.ok(!JSON.stringify(manifest()).includes('http'));
    const { features, settings } = manifest({ socketMode: false, publicUrl: 'https://hall.test' });
    assert.equal(settings.socket_mode_enabled, false);
    const urls = [settings.event_subscriptions.request_url, ...features.slash_commands.map(({ url }) => url)];
    assert.deepEqual(new Set(urls), new Set(['https://hall.test/slack/events']));
  });

  test('asks for the rights and events that are used', () => {
    const { oauth_config, settings } = manifest();
    assert.deepEqual(oauth_config.scopes.bot, SCOPES);
    assert.deepEqual(settings.event_subscriptions.bot_events, [
      'app_mention',
      'app_uninstalled',
      'message.im',
      'tokens_revoked',
      'user_change',
    ]);
  });

  test('keeps to Slack’s limits with very many and very long commands', () => {
    const names = [...Array.from({ length: 200 }, (_, index) => `c${index}`), 'x'.repeat(40)];
    const { slash_commands: all } = manifest({
      commands: names.map((name) => declare(name, 'x'.repeat(3_000))),
    }).features;
    assert.equal(all.length, 50);
    for (const one of all)
      assert.ok(one.command.length <= 32 && one.usage_hint.length <= 1_000 && one.description.length <= 2_000);
  });
});
