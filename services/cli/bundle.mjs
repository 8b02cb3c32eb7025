// Makes of what TypeScript has compiled a few files, each loaded when it is used: to find and open every module of its own
// took a quarter of an export's time.

import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const FOLDER = here('dist/bundle');
const PROGRAM = here('dist/main.js');
const isOfPackages = (id) => id.startsWith(here('../../packages/'));

const FILE_BESIDE = /new URL\((['"])(\.[^'"]+)\1, import\.meta\.url\)/g;

/** Lets modules find what they name beside themselves: a program becomes an entry here, other files are read where they lie. */
const filesBeside = {
  name: 'files-beside',
  transform: {
    filter: { code: 'import.meta.url' },
    handler(code, id) {
      if (!isOfPackages(id) && id !== PROGRAM) return undefined;
      if (code.replace(FILE_BESIDE, '').includes('import.meta.url')) {
        this.error(`${id} names a file beside it otherwise than by new URL('./…', import.meta.url).`);
      }
      return code.replace(FILE_BESIDE, (_, quote, path) => {
        const file = resolve(dirname(id), path);
        return file.endsWith('.js')
          ? `new URL(import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'chunk', id: file })})`
          : `new URL(${quote}${relative(FOLDER, file)}${quote}, import.meta.url)`;
      });
    },
  },
};

const bundle = await rolldown({
  input: { caissa: PROGRAM },
  platform: 'node',
  // Native code, which stays where npm has put it.
  external: ['onnxruntime-node'],
  // Of the packages only what is used: none of their modules does more on loading than to define what it exports.
  treeshake: { moduleSideEffects: (id) => !isOfPackages(id) },
  plugins: [filesBeside],
});
await bundle.write({ dir: FOLDER, cleanDir: true, entryFileNames: '[name].js', chunkFileNames: '[name].js' });
