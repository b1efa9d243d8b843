/**
 * Names the statements that come again and again, so that each connection has them parsed and planned once: it halves what
 * PostgreSQL spends on a short one. https://www.postgresql.org/docs/current/sql-prepare.html
 */
export class PlanNames {
  readonly #names = new Map<string, string>();
  #seen = new Map<string, number>();

  /** The name to run a statement under; undefined where it is run once and forgotten. */
  nameOf(text: string, parameters: number): string | undefined {
    const name = this.#names.get(text);
    if (name !== undefined) return name;
    // A list of values gives a text for each length. What is asked for by "*" may change with a migration, which a kept plan does not survive.
    if (parameters === 0 || parameters > PARAMETERS || this.#names.size >= KEPT || text.includes('*')) return undefined;
    return this.#learn(text);
  }

  #learn(text: string): string | undefined {
    const times = (this.#seen.get(text) ?? 0) + 1;
    if (times < TIMES) {
      if (this.#seen.size >= SEEN) this.#seen.clear();
      this.#seen.set(text, times);
      return undefined;
    }
    this.#seen.delete(text);
    const name = `plan_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}

/** Parameters of one statement: ours have ten at most, lists more. */
const PARAMETERS = 12;

/** Uses before a statement is worth a plan of its own. */
const TIMES = 5;

/** Plans kept by a process, each about 20 kB on each of its connections to the server: there are some 60 statements that come often. */
const KEPT = 120;

/** Texts counted at once. */
const SEEN = 1_000;
