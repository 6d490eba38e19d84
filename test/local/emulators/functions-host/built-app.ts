import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '../../../..');
const FIXTURES = join(ROOT, 'test/fixtures/functions-app');

/** With the extension bundle, which Event Grid triggers come with. */
const HOST_JSON = JSON.stringify({
  version: '2.0',
  extensionBundle: { id: 'Microsoft.Azure.Functions.ExtensionBundle', version: '[4.36.0, 5.0.0)' },
});

export interface BuiltApp {
  readonly folder: string;
  remove(): void;
}

/** Files by their path in the app's folder; host.json and package.json have sensible contents unless given. */
export function writeApp(files: Readonly<Record<string, string>>): BuiltApp {
  // Below node_modules, so that an app that is not bundled finds `@azure/functions` as a published one does.
  const parent = join(ROOT, 'node_modules/.cache/functions-host-tests');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'app-'));
  const all = {
    'host.json': HOST_JSON,
    'package.json': '{"main":"dist/main.cjs"}',
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Bundles a fixture into one CommonJS file, as the product's functions are bundled, and makes an app of it. */
export async function buildApp(
  fixture: 'main' | 'streaming',
  files: Readonly<Record<string, string>> = {},
): Promise<BuiltApp> {
  const { outputFiles } = await build({
    entryPoints: [join(FIXTURES, `${fixture}.ts`)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['@azure/functions-core'],
  });
  return writeApp({ 'dist/main.cjs': outputFiles[0]?.text ?? '', ...files });
}
