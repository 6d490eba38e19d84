/**
 * Lets Node import WAV files as bytes, where workers run from their sources: `node --import …/wav-imports.ts`. In the
 * bundle esbuild does the same.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !url.endsWith('.wav')) return nextLoad(url, context);
    const bytes = readFileSync(fileURLToPath(url)).toString('base64');
    return {
      format: 'module',
      source: `export default Uint8Array.from(Buffer.from(${JSON.stringify(bytes)}, 'base64'));`,
      shortCircuit: true,
    };
  },
});
