/** The seed of all tests that draw numbers: always the same in the gate, a new one each day in the long run. */
export const seed = Number(process.env['TEST_SEED'] ?? 20_260_101);

/** True in `npm run test:long`, where a test may take minutes. */
export const long = process.env['TEST_LONG'] === '1';
