import { featureSettings, onOff, writing } from '#core/feature-settings.ts';
import { TEXTS } from './texts.ts';

const words = TEXTS.settings;

/** What a community sets about quotes. As declared, a code is looked up as it was typed. */
export const stockSettings = featureSettings('stock', {
  title: words.title,
  about: words.about,
  fields: {
    market: writing({
      label: words.market,
      help: words.marketHelp,
      declared: '',
      most: 4,
      form: { is: /^[a-z]{0,4}$/i, says: words.marketWrong },
    }),
    tells: onOff({ label: words.tells, help: words.tellsHelp, declared: true }),
  },
});
