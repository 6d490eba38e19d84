import * as z from 'zod';
import type { Random } from '../../common/random.ts';

const LONGEST_DELAY_MS = 10 * 60_000;
/** How many standard deviations the 99th percentile of the normal distribution is above its middle. */
const Z99 = 2.326_347_874;

const ms = z.number().min(0).max(LONGEST_DELAY_MS);

/**
 * How long something takes, in milliseconds: a number; `[least, most]`, drawn evenly; `{mean, deviation}`, normal,
 * never below 0; or `{median, p99}`, log-normal, as the delays of networks mostly are.
 */
export const delaySchema = z.union(
  [
    ms,
    z.tuple([ms, ms]).refine(([least, most]) => least <= most, 'the first must be the smaller'),
    z.strictObject({ mean: ms, deviation: ms }),
    z
      .strictObject({ median: ms.gt(0), p99: ms })
      .refine(({ median, p99 }) => median <= p99, 'p99 must not be below the median'),
  ],
  'must be a number of milliseconds, [least, most], {mean, deviation} or {median, p99}',
);

export type Delay = z.output<typeof delaySchema>;

/** One delay of the distribution, in milliseconds from 0 to ten minutes. */
export function drawDelay(delay: Delay, random: Random): number {
  if (typeof delay === 'number') return delay;
  if (Array.isArray(delay)) {
    const [least, most] = delay;
    return least + random.fraction() * (most - least);
  }
  if ('mean' in delay) return within(delay.mean + delay.deviation * standardNormal(random));
  const { median, p99 } = delay;
  return within(median * Math.exp((Math.log(p99 / median) / Z99) * standardNormal(random)));
}

function within(delayMs: number): number {
  return Math.min(LONGEST_DELAY_MS, Math.max(0, delayMs));
}

/** Box and Muller (1958). */
function standardNormal(random: Random): number {
  // 1 - fraction is never 0, whose logarithm is none.
  return Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction());
}
