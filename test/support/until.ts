const STEP_MS = 4;

/** Waits until the condition gives a value other than undefined, null and false; fails with `what` when it takes too long. */
export async function until<T>(
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  what: string,
  limitMs = 8_000,
  stepMs = STEP_MS,
): Promise<T> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}
