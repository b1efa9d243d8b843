import type { Person } from '#contracts/web.ts';
import { call } from './api.ts';
import { session } from './session.svelte.ts';

/** The people of a community whose name or username fits what was typed. */
export async function peopleFor(community: string, typed: string): Promise<Person[]> {
  const path = `/v1/communities/${community}/people?query=${encodeURIComponent(typed.replace(/^@/, ''))}`;
  return (await call<{ people: Person[] }>(path)).people;
}

/** The people of all my communities that what was typed fits, each once. */
export async function peopleOfMine(typed: string): Promise<Person[]> {
  const all = await Promise.all((session.me?.communities ?? []).map(({ id }) => peopleFor(id, typed)));
  return [...new Map(all.flat().map((person) => [person.id, person])).values()];
}

/** The one whose name or username was typed whole, else the first that it fits. */
export function meantBy(typed: string, people: readonly Person[]): Person | undefined {
  const low = typed.replace(/^@/, '').toLowerCase();
  return people.find(({ username, name }) => username === low || name.toLowerCase() === low) ?? people[0];
}
