import { describe, expect, it } from 'vitest';
import { FirstResults } from '../../../../../local/emulators/acs/rest/rest-api.ts';

describe('repeatable requests', () => {
  it('are performed once, also when the repetition comes while the first is under way', async () => {
    const results = new FirstResults<number>();
    let performed = 0;
    const perform = async (): Promise<number> => ++performed;
    const both = await Promise.all([results.once('a', perform), results.once('a', perform)]);
    expect(both).toEqual([
      { result: 1, replayed: false },
      { result: 1, replayed: true },
    ]);
    expect(await results.once('b', perform)).toEqual({ result: 2, replayed: false });
  });

  it('are performed again after nothing came of them', async () => {
    const results = new FirstResults<number>();
    await expect(results.once('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await results.once('a', async () => 7)).toEqual({ result: 7, replayed: false });
  });

  it('are remembered up to a bound, the oldest forgotten first', async () => {
    const results = new FirstResults<number>();
    for (let id = 0; id <= 1_000; id++) await results.once(String(id), async () => id);
    expect((await results.once('1000', async () => -1)).replayed).toBe(true);
    expect((await results.once('0', async () => -1)).replayed).toBe(false);
  });
});
