import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quieter } from '../src/whisper.ts';
import { workers } from '../src/workers.ts';

test('a whisper is a quarter as loud as what was said', () => {
  assert.deepEqual(quieter(Int16Array.of(0, 400, -400, 32_767)), Int16Array.of(0, 100, -100, 8_191));
});

test('what is said in two pieces sounds as if it was said in one', () => {
  const said = Int16Array.from({ length: 320 }, (_, index) => 8_000 * Math.sin(index / 5));
  const pieces = [said.subarray(0, 101), said.subarray(101)];
  assert.deepEqual(
    pieces.flatMap((piece) => [...quieter(piece)]),
    [...quieter(said)],
  );
});

test('no two workers have one name', () => {
  const names = workers.map(({ name }) => name);
  assert.deepEqual([...new Set(names)], names);
});
