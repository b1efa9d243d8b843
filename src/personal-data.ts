import type { Feature } from '#core/feature.ts';
import type { PersonalData } from '#core/personal-data.ts';
import { personalOrder } from '#storage/personal-order.ts';
import { personalPeople, personalSecrets } from '#storage/personal-people.ts';
import { personalPlaces } from '#storage/personal-places.ts';
import { personalRooms } from '#storage/personal-rooms.ts';
import { personalVerification } from '#storage/personal-verification.ts';
import { personalAudit, personalWork } from '#storage/personal-work.ts';

/** What all parts of the program know of people. A table with a person in it that nobody declares fails a test. */
export function personalData(features: readonly Feature[]): PersonalData[] {
  return [
    personalPeople,
    personalSecrets,
    personalPlaces,
    personalRooms,
    personalVerification,
    personalOrder,
    personalWork,
    personalAudit,
    ...features.flatMap(({ personal = [] }) => personal),
  ];
}
