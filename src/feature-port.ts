import type { Clock } from '#core/clock.ts';
import { AppError, conflict, unknown } from '#core/errors.ts';
import type { Feature } from '#core/feature.ts';
import {
  changesOf,
  checkSettings,
  NOTHING_CHOSEN,
  valuesOf,
  type Choice,
  type Chosen,
  type FeatureSettings,
} from '#core/feature-settings.ts';
import type { FeaturePort, SeenField, SeenSettings, WantedSettings } from '#http/hall.ts';
import { record } from '#storage/audit.ts';
import { keepChosen, listChosen, readChosen } from '#storage/feature-settings.ts';
import { inTurn } from '#storage/in-turn.ts';
import { listPlaceRoles } from '#storage/spaces.ts';
import type { Storage } from '#storage/storage.ts';

export interface FeatureParts {
  storage: Storage;
  clock: Clock;
  features: readonly Feature[];
}

/** What a community sets about the features of this hall. Each change is audited, with what held before. */
export function featurePort(parts: FeatureParts): FeaturePort {
  const { storage, features } = parts;
  return {
    async list(community) {
      const chosen = await listChosen(storage.db, community);
      return features.map(({ name, commands, settings }) => ({
        name,
        commands: commands.map((one) => one.name),
        settings: settings ? summaryOf(settings, chosen.get(name)) : null,
      }));
    },
    async settings(community, feature) {
      const settings = find(features, feature);
      const [chosen, offered] = await Promise.all([
        readChosen(storage.db, community, feature),
        rolesHere(storage, community),
      ]);
      return seen(settings, chosen, offered);
    },
    change: (wanted) => change(parts, find(features, wanted.feature), wanted),
  };
}

function find(features: readonly Feature[], name: string): FeatureSettings {
  const settings = features.find((one) => one.name === name)?.settings;
  if (!settings) throw unknown('feature');
  return settings;
}

function summaryOf(settings: FeatureSettings, chosen: Chosen = NOTHING_CHOSEN) {
  const { title, about, fields } = settings;
  const changed = Object.keys(changesOf(settings, NOTHING_CHOSEN, chosen)).length;
  return { title, about, fields: Object.keys(fields).length, changed };
}

type Offered = (platform: string) => readonly Choice[];

/** The roles that the community's places have, by platform. */
async function rolesHere({ db }: Storage, community: string): Promise<Offered> {
  const places = await listPlaceRoles(db, community);
  return (platform) =>
    places
      .filter((place) => place.platform === platform)
      .flatMap(({ roles }) => roles.map(({ id, name }) => ({ value: id, label: name })));
}

async function change(
  { storage, clock }: FeatureParts,
  settings: FeatureSettings,
  { community, by, version, values }: WantedSettings,
): Promise<SeenSettings> {
  const { feature } = settings;
  const offered = await rolesHere(storage, community);
  const next = await storage.write(async (tx) => {
    await inTurn(tx.db, `feature settings ${community} ${feature}`);
    const before = await readChosen(tx.db, community, feature);
    if (before.version !== version) throw changedMeanwhile();
    const checked = checkSettings(settings, before, { values, offered });
    if (!checked.ok) throw wrongSettings(settings, checked.wrong);
    const chosen = { values: checked.next, version: before.version + 1 };
    const changes = changesOf(settings, before, chosen);
    if (Object.keys(changes).length === 0) return before;
    await keepChosen(tx.db, { community, feature, chosen });
    const detail = JSON.stringify(changes);
    await record(tx.db, { community, account: by, action: 'feature.settings', subject: feature, detail, at: clock() });
    return chosen;
  });
  return seen(settings, next, offered);
}

function changedMeanwhile(): AppError {
  return conflict(
    'changed-meanwhile',
    'Somebody else changed these settings since you looked. Nothing of yours was saved. Look at them as they are now, and save again.',
  );
}

function wrongSettings({ fields }: FeatureSettings, wrong: Record<string, string>): AppError {
  const told = Object.entries(wrong).map(([name, says]) => `${fields[name]?.label ?? name}: ${says}`);
  const detail = `Nothing was changed. ${told.join(' ')}`;
  return new AppError({ status: 400, code: 'wrong-settings', detail, wrong });
}

function seen(settings: FeatureSettings, chosen: Chosen, offered: Offered): SeenSettings {
  const { feature, title, about } = settings;
  const values = valuesOf(settings, chosen);
  const fields = Object.entries(settings.fields).map(([name, { schema: _ours, platform, ...field }]): SeenField => {
    const choices = platform === undefined ? field.choices : offered(platform);
    return { name, ...field, ...(choices && { choices }), value: values[name] ?? field.declared };
  });
  return { feature, title, about, version: chosen.version, fields };
}
