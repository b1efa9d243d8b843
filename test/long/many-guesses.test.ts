process.env['MANY_GUESSES'] = '10000';
await import('#src/http/many-guesses.test.ts');
