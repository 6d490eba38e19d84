import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { run } from '../../../bench/lane-codec/run.ts';

it('measures both codecs on the same audio, of which protobuf is the smaller', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lane-codec-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const output = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  onTestFinished(() => output.mockRestore());
  const file = join(folder, 'rows.json');
  expect(await run(['--smoke', '--json', file])).toBe(0);
  expect(output).toHaveBeenCalled();
  const rows = JSON.parse(await readFile(file, 'utf8')) as Record<string, number>[];
  expect(rows).toHaveLength(8);
  for (const row of rows) {
    expect(row['jsonNs']).toBeGreaterThan(0);
    expect(row['protobufNs']).toBeGreaterThan(0);
    expect(row['protobufBytes']).toBeLessThan((row['jsonBytes'] ?? 0) * 0.8);
  }
});
