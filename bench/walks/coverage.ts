/** Which functions of the product ran between two moments of this process, by V8's precise coverage. */
import { type Profiler, Session } from 'node:inspector/promises';

/** The parts whose functions are counted. */
const PRODUCT = /\/((?:functions|relay|shared)\/.+\.ts)$/;

export interface Walk {
  /** `folder/file.ts name`, in alphabetical order. An arrow function without a name counts by its place. */
  readonly functions: readonly string[];
  readonly files: readonly string[];
}

/** Counts from the moment when `start` resolves. One at a time in a process. */
export class Coverage {
  readonly #session = new Session();

  private constructor() {
    this.#session.connect();
  }

  static async start(): Promise<Coverage> {
    const coverage = new Coverage();
    await coverage.#session.post('Profiler.enable');
    await coverage.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    return coverage;
  }

  /** Forgets what ran so far. */
  async reset(): Promise<void> {
    await this.#session.post('Profiler.takePreciseCoverage');
  }

  /** What ran since `start`, `reset` or the last `take`. */
  async take(): Promise<Walk> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    return walkOf(result.flatMap(functionsOf));
  }

  stop(): void {
    this.#session.disconnect();
  }
}

/** What ran in every one of the walks: what a timer did beside one of them is not part of the way. */
export function commonTo(walks: readonly Walk[]): Walk {
  const [first, ...others] = walks;
  if (first === undefined) throw new RangeError('there is no walk to compare');
  return walkOf(first.functions.filter((name) => others.every(({ functions }) => functions.includes(name))));
}

function functionsOf({ url, functions }: Profiler.ScriptCoverage): string[] {
  const file = PRODUCT.exec(decodeURI(url))?.[1];
  if (file === undefined) return [];
  return functions
    .filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
    .map(({ functionName, ranges }) => `${file} ${functionName || `(at ${ranges[0]?.startOffset})`}`);
}

function walkOf(functions: readonly string[]): Walk {
  const unique = [...new Set(functions)].sort();
  return { functions: unique, files: [...new Set(unique.map((name) => name.split(' ', 1)[0] ?? ''))] };
}
