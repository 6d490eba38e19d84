import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 100;

/**
 * Asks up to so many times, a tenth of a second apart, until an answer is enough.
 * @returns the last answer, whatever it is
 */
export async function askRepeatedly<T>(
  attempts: number,
  ask: () => Promise<T>,
  isEnough: (answer: T) => boolean,
): Promise<T> {
  let answer = await ask();
  for (let attempt = 1; attempt < attempts && !isEnough(answer); attempt++) {
    await delay(INTERVAL_MS);
    answer = await ask();
  }
  return answer;
}
