import { afterEach } from 'vitest';

/**
 * Wraps what starts something, for one test file: whatever it has started is closed after each test, the oldest first.
 */
export function closedAfterEach<Options extends unknown[], Started extends { close(): Promise<void> }>(
  start: (...options: Options) => Promise<Started>,
): (...options: Options) => Promise<Started> {
  const started: Started[] = [];
  afterEach(async () => {
    for (const each of started.splice(0)) await each.close();
  });
  return async (...options) => {
    const each = await start(...options);
    started.push(each);
    return each;
  };
}
