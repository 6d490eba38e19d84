import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noticesOf } from '../../../scripts/build/notices.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'trunkline-notices-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function write(path: string, content: string | object): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
}

async function addPackage(path: string, manifest: object, files: Record<string, string> = {}): Promise<void> {
  await write(`${path}/package.json`, { version: '1.2.3', ...manifest });
  for (const [name, text] of Object.entries(files)) await write(`${path}/${name}`, text);
}

describe('the notices of a bundle', () => {
  it('hold the licence and the notice of each package, once, and nothing of files of ours', async () => {
    await addPackage('node_modules/b', { name: 'b', license: 'ISC' }, { 'license.md': 'text of b' });
    await addPackage(
      'node_modules/@s/a',
      { name: '@s/a', license: 'Apache-2.0' },
      { LICENSE: 'text of a', NOTICE: 'notice of a', 'licenses.js': 'module.exports = {}' },
    );
    const inside = 'node_modules/b/node_modules/@s/a';
    await addPackage(
      inside,
      { name: '@s/a', license: 'Apache-2.0' },
      { LICENSE: 'text of a', NOTICE: 'notice of a' },
    );
    const files = ['relay/main.ts', 'node_modules/b/x.js', 'node_modules/@s/a/y/z.js', `${inside}/x.js`];
    const notices = await noticesOf(files, root);
    expect(notices.match(/^@s\/a 1\.2\.3, Apache-2\.0\n\ntext of a\n\nnotice of a$/gm)).toHaveLength(1);
    expect(notices).toContain('b 1.2.3, ISC\n\ntext of b\n');
    expect(notices).not.toContain('module.exports');
  });

  it('hold the text of MIT for a package that names it and its author, and brings no text', async () => {
    await addPackage('node_modules/m', { name: 'm', license: 'MIT', author: { name: 'Somebody' } });
    const notices = await noticesOf(['node_modules/m/x.js'], root);
    expect(notices).toContain('m 1.2.3, MIT\n\nCopyright (c) Somebody\n\nPermission is hereby granted');
  });

  it('are refused, and so is the build, when packages have no licence or none whose text is known', async () => {
    await addPackage('node_modules/none', { name: 'none' }, { LICENSE: 'who knows' });
    await addPackage('node_modules/not-ours', { name: 'not-ours', license: 'UNLICENSED' });
    await addPackage('node_modules/no-text', { name: 'no-text', license: 'Apache-2.0', author: 'Somebody' });
    const files = ['none', 'not-ours', 'no-text'].map((name) => `node_modules/${name}/x.js`);
    await expect(noticesOf(files, root)).rejects.toThrow(
      'bundled without a licence: no-text 1.2.3, Apache-2.0, none 1.2.3, no licence, not-ours 1.2.3, UNLICENSED',
    );
  });
});
