import { features, commandsOf } from '#src/features.ts';
import { slackManifestOf } from '#src/platform-checks.ts';
import { WrongUse, type CommandLine } from './command-line.ts';

/** `slack manifest`: the app manifest with all commands, to paste at https://api.slack.com/apps. `--http`: for events by HTTP. */
export async function slack({ config, words }: CommandLine): Promise<number> {
  const [act, way, ...rest] = words;
  if (act !== 'manifest' || (way ?? '--http') !== '--http' || rest.length > 0)
    throw new WrongUse('slack manifest, and --http where Slack is to post its events.');
  const commands = [...commandsOf(features(config)).values()];
  process.stdout.write(
    `${JSON.stringify(await slackManifestOf(config, { commands, socketMode: way === undefined }), null, 2)}\n`,
  );
  return 0;
}
