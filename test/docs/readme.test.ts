import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, expect, it } from 'vitest';
import { handleLaneEvent } from '../../functions/workers/kit/lane-event.ts';
import type { Worker } from '../../functions/workers/kit/worker.ts';
import { formatRtp, PAYLOAD_TYPE, parseRtp } from '../../shared/wire/lane/rtp.ts';

const ROOT = new URL('../../', import.meta.url);
const EXAMPLE = new URL(`test/docs/__readme-worker-${process.pid}__.ts`, ROOT);
const readme = await readFile(new URL('README.md', ROOT), 'utf8');
const { scripts } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'));

afterAll(() => rm(EXAMPLE, { force: true }));

it('the README names only npm commands that exist', () => {
  const named = [...readme.matchAll(/npm (?:run ([a-z:-]+)|(start|test)\b)/g)].map(
    ([, run, other]) => run ?? other ?? '',
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

it('the README links only to files that exist', async () => {
  for (const [, target] of readme.matchAll(/\]\(([^)#:]+)\)/g)) {
    await expect(
      readFile(new URL(target ?? '', ROOT)),
      `the target of a link: ${target}`,
    ).resolves.toBeDefined();
  }
});

it('the worker in the README works as it is written', async () => {
  const [, code] = /```ts\n(\/\/ src\/backwards\.ts[\s\S]*?)```/.exec(readme) ?? [];
  if (code === undefined) throw new Error('the README has an example of a worker, src/backwards.ts');
  await writeFile(EXAMPLE, code);
  const { backwards } = (await import(EXAMPLE.href)) as { backwards: Worker };
  const pcm = Int16Array.of(400, -400, 0, 32_000);
  const packet = {
    payloadType: PAYLOAD_TYPE.pcm16KMono,
    marker: true,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc: 0,
  };
  const response = await handleLaneEvent(backwards, {
    callId: 'abcdefghijklmnop',
    connectionState: undefined,
    contentType: 'application/octet-stream',
    body: formatRtp({ ...packet, payload: new Uint8Array(pcm.buffer) }),
  });
  const reply = parseRtp(response.message?.body as Uint8Array);
  expect([...new Int16Array(reply.payload.slice().buffer)]).toEqual([32_000, 0, -400, 400]);
});

it('the README publishes with the language named, which func cannot find out from a clone', async () => {
  const ignored = (await readFile(new URL('.gitignore', ROOT), 'utf8')).split('\n');
  expect(ignored, 'func would read the language from it').toContain('local.settings.json');
  const commands = readme.split('\n').filter((line) => line.startsWith('func azure functionapp publish'));
  expect(commands).toHaveLength(2);
  for (const command of commands) expect(command).toMatch(/ --javascript .*--no-build/);
});

it('the README builds before it publishes, and builds the image from files that the build writes', async () => {
  const [, deploy = ''] = /^## Deploy$([\s\S]*?)^## /m.exec(readme) ?? [];
  expect(deploy.indexOf('npm ci && npm run build')).toBeLessThan(deploy.indexOf('func azure'));
  const dockerfile = await readFile(new URL('relay/Dockerfile', ROOT), 'utf8');
  const [, copied = ''] = /^COPY --chown=root:root (.+) \.\/$/m.exec(dockerfile) ?? [];
  expect(copied.split(' ')).toEqual(['dist/relay/main.cjs', 'dist/relay/THIRD-PARTY-NOTICES.txt', 'LICENSE']);
});
