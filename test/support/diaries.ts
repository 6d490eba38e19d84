/**
 * The diaries that the worker `diary` of `test/fixtures/remembering-app` writes: what it is told in each call, numbered
 * by its own state.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiaryLine } from '../fixtures/remembering-app/diary-line.ts';
import { jsonLines } from './json-lines.ts';
import type { TestSystemOptions } from './system.ts';
import { until } from './until.ts';

export class Diaries {
  /** For the system that is to serve the app. */
  readonly system: Required<Pick<TestSystemOptions, 'workerApp' | 'extraEnv'>>;
  readonly #folder: string;
  readonly #file: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, 'diary.jsonl');
    this.system = {
      workerApp: join(import.meta.dirname, '../fixtures/remembering-app/main.ts'),
      extraEnv: { worker: { DIARY_FILE: this.#file } },
    };
  }

  /** Diaries in a folder of their own, until they are removed. */
  static async create(): Promise<Diaries> {
    return new Diaries(await mkdtemp(join(tmpdir(), 'trunkline-diaries-')));
  }

  /**
   * The diary of each call since the line of this number, of all of them from 0. @throws Error where nothing was ever
   * written
   */
  async since(line: number): Promise<DiaryLine[][]> {
    const text = await readFile(this.#file, 'utf8');
    return [...Map.groupBy(jsonLines<DiaryLine>(text).slice(line), ({ callId }) => callId).values()];
  }

  /** The same of so many calls, once the worker was told of the end of each of them. */
  ended(calls: number, line = 0, limitMs?: number): Promise<DiaryLine[][]> {
    return until(
      async () => {
        const all = await this.since(line);
        return all.length === calls && all.every((lines) => lines.at(-1)?.event === 'ended')
          ? all
          : undefined;
      },
      'each worker to be told of the end',
      limitMs,
    );
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A diary in one line, for the message of a test that fails. */
export function storyOf(diary: readonly DiaryLine[]): string {
  return diary.map(({ event, page, resumed }) => `${event} ${page}${resumed ? ' resumed' : ''}`).join(', ');
}

/**
 * The parts of a diary that were written without losing the state in between: one, with every page once and in order,
 * where it was never lost. A part whose first page is not 0 follows on nothing.
 */
export function partsOf(diary: readonly DiaryLine[]): readonly (readonly DiaryLine[])[] {
  const parts: DiaryLine[][] = [];
  for (const line of diary) {
    // The end of one part may be told after the beginning of the next.
    const part = line.page === 0 ? undefined : parts.find(({ length }) => length === line.page);
    if (part === undefined) parts.push([line]);
    else part.push(line);
  }
  return parts;
}
