import { GATE, GATE_MINUTES, runTests } from './test-command.ts';

/**
 * `npm test`: everything that must hold before a change is shared, in one call of the test runner, so that its last
 * lines sum up all of it. `npm run check` is in there too, as tools/check.test.ts. Arguments narrow it to some files:
 * `npm test -- src/bot/*.test.ts`.
 */
const chosen = process.argv.slice(2);
const { code } = await runTests(chosen.length > 0 ? chosen : GATE, { minutes: GATE_MINUTES });
process.exitCode = code;
