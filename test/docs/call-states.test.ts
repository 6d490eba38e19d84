import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  callTransitions,
  operationTransitions,
  recordingTransitions,
  streamingTransitions,
  transcriptionTransitions,
} from '../functions/control/call/transitions.ts';

const text = readFileSync(new URL('../../docs/call-states.md', import.meta.url), 'utf8');

/** The arrows of the diagram under a heading, sorted; those from the beginning are not the machine's. */
function drawn(heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const diagram = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  return diagram
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('[*]'))
    .sort();
}

describe('docs/call-states.md draws what the code does', () => {
  it.each([
    ['Call', callTransitions],
    ['Streaming', streamingTransitions],
    ['Recording', recordingTransitions],
    ['Transcription', transcriptionTransitions],
    ['Operations', operationTransitions],
  ] as const)('of %s', (heading, transitions) => {
    const found = transitions();
    expect(found.length, 'transitions that were found').toBeGreaterThan(5);
    expect(drawn(heading)).toEqual(found);
  });
});
