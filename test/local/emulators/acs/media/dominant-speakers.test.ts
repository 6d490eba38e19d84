import { describe, expect, it } from 'vitest';
import type { SpokenFrame } from '../../../../../local/emulators/acs/media/conference.ts';
import { DominantSpeakers } from '../../../../../local/emulators/acs/media/dominant-speakers.ts';

const SPEAKER_HANGOVER_FRAMES = 100;

/** Everybody says a constant of this loudness; undefined says nothing. */
function frames(levels: Readonly<Record<string, number | undefined>>): SpokenFrame[] {
  return Object.entries(levels).map(([rawId, level]) => ({
    rawId,
    samples: level === undefined ? undefined : new Int16Array(320).fill(level),
  }));
}

function names(selected: readonly SpokenFrame[]): string {
  return selected.map(({ rawId }) => rawId).join('');
}

describe('the speakers of unmixed audio', () => {
  it('are those who speak, in the order in which they are on the call', () => {
    const speakers = new DominantSpeakers();
    expect(names(speakers.select(frames({ a: undefined, b: 10, c: undefined, d: 5_000 })))).toBe('bd');
  });

  it('are the four loudest of more', () => {
    const speakers = new DominantSpeakers();
    expect(names(speakers.select(frames({ a: 900, b: 100, c: 800, d: 700, e: 600, f: 200 })))).toBe('acde');
  });

  it('keep their place through a short pause and lose it to somebody who keeps talking', () => {
    const speakers = new DominantSpeakers();
    const loud = { a: 2_000, b: 2_000, c: 2_000, d: 2_000 };
    expect(names(speakers.select(frames({ ...loud, e: 1_900 })))).toBe('abcd');
    expect(names(speakers.select(frames({ ...loud, a: 0, e: 1_900 })))).toBe('abcd');
    for (let i = 0; i < 50; i++) speakers.select(frames({ ...loud, a: 0, e: 1_900 }));
    expect(names(speakers.select(frames({ ...loud, a: 0, e: 1_900 })))).toBe('bcde');
  });

  it('are followed by silence for a while after they have stopped, then by nothing', () => {
    const speakers = new DominantSpeakers();
    speakers.select(frames({ a: 2_000 }));
    for (let i = 0; i < SPEAKER_HANGOVER_FRAMES; i++) {
      expect(speakers.select(frames({ a: undefined }))).toEqual([{ rawId: 'a', samples: undefined }]);
    }
    expect(speakers.select(frames({ a: undefined }))).toEqual([]);
    expect(names(speakers.select(frames({ a: 2_000 })))).toBe('a');
  });

  it('are forgotten when they leave', () => {
    const speakers = new DominantSpeakers();
    speakers.select(frames({ a: 2_000 }));
    speakers.select(frames({ b: 1_000 }));
    expect(names(speakers.select(frames({ a: undefined, b: 1_000 })))).toBe('b');
  });
});
