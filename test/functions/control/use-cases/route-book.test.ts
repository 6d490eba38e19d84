import { beforeEach, describe, expect, it } from 'vitest';
import { CallStoreError } from '../../../../functions/control/call/stores.ts';
import { RouteBook } from '../../../../functions/control/use-cases/set-up-call.ts';
import { parseRoutes } from '../../../../shared/wire/call/routes-schema.ts';

const ROUTES_FRESH_MS = 5_000;

let stored: string | undefined;
let outage: boolean;
let reads: number;
let nowMs: number;
let warnings: string[];
let book: RouteBook;

beforeEach(() => {
  stored = undefined;
  outage = false;
  reads = 0;
  nowMs = 0;
  warnings = [];
  book = new RouteBook({
    fallback: parseRoutes([{ name: 'of the settings' }]),
    read: async () => {
      reads += 1;
      if (outage) throw new CallStoreError('reading the routes in table storage failed');
      return stored;
    },
    now: () => nowMs,
  });
});

async function names(): Promise<string[]> {
  return (await book.current({ warn: (_, fields) => void warnings.push(String(fields?.['why'])) })).map(
    ({ name }) => name,
  );
}

describe('the routes that hold', () => {
  it('are those of the settings while the table has none', async () => {
    expect(await names()).toEqual(['of the settings']);
  });

  it('are those of the table, a few seconds after they have changed there', async () => {
    expect(await names()).toEqual(['of the settings']);
    stored = '[{"name":"of the table"}]';
    nowMs += ROUTES_FRESH_MS - 1;
    expect(await names()).toEqual(['of the settings']);
    nowMs += 1;
    expect(await names()).toEqual(['of the table']);
    stored = undefined;
    nowMs += ROUTES_FRESH_MS;
    expect(await names()).toEqual(['of the settings']);
  });

  it('are read once, however many calls come in', async () => {
    await Promise.all(Array.from({ length: 20 }, names));
    expect(reads).toBe(1);
  });

  it.each([
    ['not JSON', '[{'],
    ['not valid', '[{"nme":"x"}]'],
  ])('stay as they were when those of the table are %s, which is said once', async (_what, bad) => {
    stored = '[{"name":"good"}]';
    expect(await names()).toEqual(['good']);
    stored = bad;
    for (let times = 0; times < 3; times += 1) {
      nowMs += ROUTES_FRESH_MS;
      expect(await names()).toEqual(['good']);
    }
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('The routes are not valid');
  });

  it('stay as they were while the table cannot be read', async () => {
    stored = '[{"name":"good"}]';
    expect(await names()).toEqual(['good']);
    outage = true;
    nowMs += ROUTES_FRESH_MS;
    expect(await names()).toEqual(['good']);
    expect(warnings).toHaveLength(1);
  });
});
