import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const HALL = 'http://127.0.0.1:3000';

/**
 * `before-paint.js` must run before the first paint, so it is no module and no part of the bundle:
 * it is put out under a name of its own content, and the page names it.
 */
function beforePaint(): Plugin {
  let name = '';
  return {
    name: 'before-paint',
    apply: 'build',
    buildStart() {
      const source = readFileSync(here('web/before-paint.js'), 'utf8');
      name = this.emitFile({ type: 'asset', name: 'before-paint.js', source });
    },
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') throw new Error('The build made no index.html.');
        page.source = String(page.source).replace('/before-paint.js', `/${this.getFileName(name)}`);
      },
    },
  };
}

export default defineConfig({
  root: here('web'),
  publicDir: false,
  plugins: [beforePaint(), svelte({ configFile: here('svelte.config.js') })],
  resolve: { alias: [{ find: /^#web\//, replacement: here('web/') }] },
  build: {
    outDir: here('web/dist'),
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: 'chrome123',
    // Fonts as data: addresses would need a hole in the policy of the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/v1': { target: HALL, ws: true } } },
});
