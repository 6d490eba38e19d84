/** Writes the OpenAPI document of the HTTP API to `docs/openapi.json`, for reading without a running app. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from '../shared/wire/api/openapi.ts';

const FILE = fileURLToPath(new URL('../docs/openapi.json', import.meta.url));

await writeFile(FILE, `${JSON.stringify(openApiDocument(), undefined, 2)}\n`);
process.stdout.write('docs/openapi.json\n');
