import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * Lets a start read what Node made of our files at an earlier one. The folder is the program's own: in the system's temporary
 * folder, which Node would take, whoever on the machine made it first could put code of theirs there. Where it cannot be
 * written, such as in an image, there is none and a start takes longer.
 */
export function keepCompiled(): void {
  const own = join(import.meta.dirname, '../node_modules/.cache/compile');
  enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? own);
}
