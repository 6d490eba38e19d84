/** Writes the OpenAPI document of the HTTP API to `docs/openapi.json`, for reading without a running app. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Command, readArguments, runCommand } from '../shared/base/command-line.ts';
import { openApiDocument } from '../shared/wire/api/openapi.ts';

const FILE = fileURLToPath(new URL('../docs/openapi.json', import.meta.url));

const OPENAPI = {
  name: 'npm run openapi',
  usage: '',
  about:
    'Writes the OpenAPI document of the HTTP API to docs/openapi.json, for reading without a running app.',
  flags: {},
} as const satisfies Command;

await runCommand(async () => {
  readArguments(OPENAPI, process.argv.slice(2));
  await writeFile(FILE, `${JSON.stringify(openApiDocument(), undefined, 2)}\n`);
  process.stdout.write('docs/openapi.json\n');
  return 0;
});
