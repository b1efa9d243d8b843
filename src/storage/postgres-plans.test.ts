import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PlanNames } from './postgres-plans.ts';

describe('the plans that are kept', () => {
  test('a statement that comes again and again gets a name, and keeps it', () => {
    const plans = new PlanNames();
    const names = Array.from({ length: 8 }, () => plans.nameOf('select a from t where b = $1', 1));
    assert.deepEqual(names, [undefined, undefined, undefined, undefined, 'plan_0', 'plan_0', 'plan_0', 'plan_0']);
    for (let n = 0; n < 5; n++) plans.nameOf('select b from t where c = $1', 1);
    assert.equal(plans.nameOf('select b from t where c = $1', 1), 'plan_1');
  });

  test('what begins or ends a transaction, asks for "*" or holds a long list gets none', () => {
    const plans = new PlanNames();
    const often = (text: string, parameters: number): Set<string | undefined> =>
      new Set(Array.from({ length: 20 }, () => plans.nameOf(text, parameters)));
    for (const [text, parameters] of [
      ['commit', 0],
      ['select * from t where a = $1', 1],
      ['delete from t where a in ($1, $2, …)', 200],
    ] as const)
      assert.deepEqual(often(text, parameters), new Set([undefined]), text);
  });

  test('there is an end to how many are kept, and to how many are counted', () => {
    const plans = new PlanNames();
    const named = new Set<string>();
    for (let round = 0; round < 10; round++)
      for (let n = 0; n < 500; n++) {
        const name = plans.nameOf(`select ${n} from t where a = $1`, 1);
        if (name) named.add(name);
      }
    assert.equal(named.size, 120);
  });
});
