/**
 * Where Trunkline itself is: this repository, or a package that somebody has installed. The package has the same
 * folders, with `.js` files for the programs and for what other code imports.
 */
import { existsSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);

/** The folder of the repository or of the package. */
export const INSTALLATION = dirname(findPackageJSON(import.meta.url) ?? here);

/** A package runs JavaScript, since Node strips no types below `node_modules`. */
export const IS_PACKAGED = extname(here) === '.js';

export const VERSION: string = JSON.parse(readFileSync(join(INSTALLATION, 'package.json'), 'utf8')).version;

/** The file of a module. `name` is its path from the root of the repository, without its extension. */
export function moduleFile(name: string): string {
  return installed(`${name}${IS_PACKAGED ? '.js' : '.ts'}`);
}

/** A file that the repository and the package have in the same place. @throws Error when it is not there */
export function installed(path: string): string {
  const file = join(INSTALLATION, path);
  if (!existsSync(file)) throw new Error(`${file} is missing: install Trunkline again`);
  return file;
}
