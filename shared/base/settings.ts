/** Reading settings from the environment: every problem of every setting in one message, with what to do about each. */
import type { z } from 'zod';

export interface Setting<T> {
  /** What it is, in one sentence. */
  readonly what: string;
  /** Where its value comes from. */
  readonly where: string;
  readonly example: string;
  readonly schema: z.ZodType<T, string>;
  /** The text that stands for it when it is not set; without one the setting is required. */
  readonly default?: string;
  /** Not required, and without a default. */
  readonly optional?: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

interface SettingProblem {
  readonly name: string;
  readonly problem: string;
  readonly setting: Setting<unknown>;
}

/** The environment does not hold what a process needs. The message lists every problem; it never holds a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly SettingProblem[];
  constructor(process: string, problems: readonly SettingProblem[]) {
    const lines = problems.map(
      ({ name, problem, setting }) =>
        `  ${name} ${problem}\n    what:    ${setting.what}\n    where:   ${setting.where}\n    example: ${name}=${setting.example}`,
    );
    const count = problems.length === 1 ? 'one setting needs' : `${problems.length} settings need`;
    super(`The ${process} cannot start: ${count} attention.\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** Collects values and problems; `finish` throws when there was any problem. */
export class SettingsReader {
  readonly #process: string;
  readonly #env: Environment;
  readonly #problems: SettingProblem[] = [];

  constructor(process: string, env: Environment) {
    this.#process = process;
    this.#env = env;
  }

  has(name: string): boolean {
    return (this.#env[name] ?? '').trim() !== '';
  }

  /**
   * The value of a required setting or of one with a default. On a problem the result is meaningless until `finish`
   * throws.
   */
  read<T>(name: string, setting: Setting<T>): T {
    const value = this.readOptional(name, setting);
    if (value === undefined && !this.has(name)) this.problem(name, 'is missing.', setting);
    return value as T;
  }

  readOptional<T>(name: string, setting: Setting<T>): T | undefined {
    const text = this.has(name) ? this.#env[name]?.trim() : setting.default;
    if (text === undefined) return undefined;
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) return parsed.data;
    const reasons = parsed.error.issues.map((issue) =>
      issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message,
    );
    this.problem(name, `is not usable: ${reasons.join('; ')}.`, setting);
    return undefined;
  }

  problem(name: string, problem: string, setting: Setting<unknown>): void {
    this.#problems.push({ name, problem, setting });
  }

  /** @throws ConfigError listing every problem found. */
  finish(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#process, this.#problems);
  }
}

/** Freezes a configuration and everything in it, and answers it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
