/** The licences of the packages whose code a bundle holds, as their authors want them passed on. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Metafile } from 'esbuild';

/** A package as a bundler names its files: the last one where packages lie inside of packages. */
const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const LICENCE_FILES = /^(licen[cs]e|copying|notice)(-[\w.]+)?(\.(txt|md))?$/i;
const RULE = '-'.repeat(80);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
}

/**
 * One text with name, version, licence and licence text of each package, sorted by name.
 * @param files what the bundle consists of, relative to `root` if that is given
 * @throws Error that names every package that has no licence, or none whose text is known
 */
export async function noticesOf(files: readonly string[], root = ''): Promise<string> {
  const folders = new Set(files.flatMap((file) => PACKAGE.exec(file.replaceAll('\\', '/'))?.[0] ?? []));
  const notices = await Promise.all([...folders].map((folder) => noticeOf(join(root, folder))));
  const missing = notices.filter(({ text }) => text === undefined).map(({ title }) => title);
  if (missing.length > 0) throw new Error(`bundled without a licence: ${missing.sort().join(', ')}`);
  // A package that lies in several places is named once.
  const texts = new Set(notices.map(({ title, text }) => `${title}\n\n${text}\n`));
  return [
    'This bundle holds code of the packages below, under their own licences.\n',
    ...[...texts].sort(),
  ].join(`\n${RULE}\n\n`);
}

/** The files of which something is in a bundle that was made in `folder`; a bundler reads more than it keeps. */
export function bundledFiles({ outputs }: Metafile, folder: string): string[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => resolve(folder, file)),
  );
}

/** Without a text where the package has no licence. */
async function noticeOf(folder: string): Promise<{ title: string; text: string | undefined }> {
  const manifest: Manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = manifest;
  const title = `${name} ${version}, ${license ?? 'no licence'}`;
  if (license === undefined || license === 'UNLICENSED') return { title, text: undefined };
  const names = (await readdir(folder)).filter((file) => LICENCE_FILES.test(file)).sort();
  const texts = await Promise.all(names.map((file) => readFile(join(folder, file), 'utf8')));
  const text = texts.length > 0 ? texts.map((part) => part.trim()).join('\n\n') : textOf(manifest);
  return { title, text };
}

/** For a package that names its licence and does not bring the text. An address is passed on as it is. */
function textOf({ license = '', author }: Manifest): string | undefined {
  if (/^https?:/.test(license)) return `The licence is at ${license}`;
  const holder = typeof author === 'string' ? author : author?.name;
  const text = TEXTS[license];
  return text === undefined || holder === undefined ? undefined : `Copyright (c) ${holder}\n\n${text}`;
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const BSD_2 = `Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
disclaimer in the documentation and/or other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES,
INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF
THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;

const TEXTS: Readonly<Record<string, string>> = { MIT, 'BSD-2-Clause': BSD_2 };
