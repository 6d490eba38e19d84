import { describe, expect, it } from 'vitest';
import {
  MAX_HANDOVER_CHARS,
  openHandover,
  type SavedHandover,
  sealHandover,
} from '../../../../shared/wire/relay/stream-handover.ts';

const CALL_ID = '0123456789abcdef';
const KEY = 'a ticket key of at least thirty-two bytes';
const OLD_KEY = 'the ticket key that was used before this one';
const NOW_MS = 1_800_000_000_000;
const HANDOVER: SavedHandover = {
  version: NOW_MS,
  streams: 2,
  workers: [{ name: 'echo', listen: { mode: 'chunk', ms: 100 } }],
  lanes: { echo: { connectionId: 'c-1', reconnectionToken: 'secret-token' } },
};

describe('a handover', () => {
  it('is opened by whoever has the key with which it was sealed, and shows nothing to others', async () => {
    const sealed = await sealHandover(HANDOVER, CALL_ID, KEY);
    expect(await openHandover(sealed, CALL_ID, [KEY], NOW_MS)).toEqual(HANDOVER);
    expect(await openHandover(sealed, CALL_ID, [OLD_KEY, KEY], NOW_MS)).toEqual(HANDOVER);
    expect(await openHandover(sealed, CALL_ID, [OLD_KEY], NOW_MS)).toBeUndefined();
    const readable = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    for (const part of readable) expect(part).not.toContain('secret-token');
  });

  it('is of one call alone', async () => {
    const sealed = await sealHandover(HANDOVER, CALL_ID, KEY);
    expect(await openHandover(sealed, 'fedcba9876543210', [KEY], NOW_MS)).toBeUndefined();
  });

  it('is as if there were none when it was changed or is none', async () => {
    const sealed = await sealHandover(HANDOVER, CALL_ID, KEY);
    const [head, key, iv, text, tag] = sealed.split('.');
    const changed = [head, key, iv, `${text?.startsWith('A') ? 'B' : 'A'}${text?.slice(1)}`, tag].join('.');
    for (const bad of [changed, sealed.slice(0, -1), '', 'no token', '....'])
      expect(await openHandover(bad, CALL_ID, [KEY], NOW_MS), bad.slice(0, 20)).toBeUndefined();
  });

  it('has a bound that the most workers that a call can have are far from', async () => {
    const name = (i: number) => `w${i}`.padEnd(63, 'x');
    const names = Array.from({ length: 16 }, (_, i) => name(i));
    const lane = { connectionId: 'c'.repeat(64), reconnectionToken: 't'.repeat(512) };
    const full: SavedHandover = {
      version: NOW_MS,
      streams: 65_535,
      workers: names.map((each) => ({
        name: each,
        listen: {
          mode: 'utterance',
          endSilenceMs: 3_000,
          maxMs: 15_000,
          minSpeechMs: 1_000,
          preRollMs: 1_000,
          speechEvents: false,
        },
        codec: 'pcmu',
        bargeIn: { policy: 'pause', falseAfterMs: 1_000 },
        speaks: false,
        priority: 9,
      })),
      lanes: Object.fromEntries(names.map((each) => [each, lane])),
    };
    expect((await sealHandover(full, CALL_ID, KEY)).length).toBeLessThan(MAX_HANDOVER_CHARS * 0.9);
    const long = { ...full, lanes: { w: { connectionId: 'c', reconnectionToken: 't'.repeat(40_000) } } };
    await expect(sealHandover(long, CALL_ID, KEY)).rejects.toThrow(RangeError);
  });
});
