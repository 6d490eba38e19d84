/** The types of `trunkline/kit`, and of what they are made of: TypeScript declares the modules behind them, too. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const KIT = 'functions/workers/kit';
const IMPORT = /(?:\bfrom\s|\bimport\s|\bimport\()\s*['"]([^'"]+)['"]/g;

/** Writes the declarations that the kit's own need into `outDir`, in the folders of the repository. */
export async function declareTypes(root: string, outDir: string): Promise<void> {
  const all = await mkdtemp(join(tmpdir(), 'trunkline-types-'));
  try {
    await promisify(execFile)(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...['--ignoreConfig', join(root, KIT, 'index.ts')],
      ...['--declaration', '--emitDeclarationOnly', '--rootDir', root, '--outDir', all],
      ...['--target', 'es2024', '--module', 'nodenext', '--skipLibCheck', '--strict', '--types', 'node'],
      ...['--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--rewriteRelativeImportExtensions'],
    ]);
    for (const file of await reached(all, `${KIT}/index.d.ts`)) {
      await mkdir(dirname(join(outDir, file)), { recursive: true });
      await cp(join(all, file), join(outDir, file));
    }
  } finally {
    await rm(all, { recursive: true, force: true });
  }
  // A declaration for imports of WAV files, which no module imports.
  await cp(join(root, KIT, 'wav.d.ts'), join(outDir, KIT, 'wav.d.ts'));
  const index = join(outDir, KIT, 'index.d.ts');
  await writeFile(index, `/// <reference path="./wav.d.ts" />\n${await readFile(index, 'utf8')}`);
}

/** The module names that a declaration imports. */
export function importedNames(declaration: string): string[] {
  return [...declaration.matchAll(IMPORT)].map(([, name = '']) => name);
}

async function reached(
  folder: string,
  file: string,
  found = new Set<string>(),
): Promise<ReadonlySet<string>> {
  if (found.has(file)) return found;
  found.add(file);
  for (const name of importedNames(await readFile(join(folder, file), 'utf8'))) {
    if (name.startsWith('.'))
      await reached(folder, join(dirname(file), name.replace(/\.[jt]s$/, '.d.ts')), found);
  }
  return found;
}
