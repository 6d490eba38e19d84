const STEP_MS = 4;

/**
 * Ends what hangs, with a sentence of its own: before the limit of a test, and after the longest hold-up of a busy
 * machine.
 */
const LIMIT_MS = 30_000;

/**
 * Waits until the condition gives a value other than undefined, null and false; fails with `what` when it takes too
 * long.
 */
export async function until<T>(
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  what: string,
  limitMs = LIMIT_MS,
  stepMs = STEP_MS,
): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    // Whoever was held up for the whole time looks once more.
    const isLate = performance.now() > endMs;
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (isLate) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}
