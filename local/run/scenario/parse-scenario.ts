import { type Document, isMap, isPair, LineCounter, type Node, parseDocument } from 'yaml';
import { parseAcsFaultPlan } from '../../emulators/acs/faults/fault-plan.ts';
import { type ScenarioFile, scenarioSchema } from './scenario-schema.ts';

/** One thing that is wrong with a scenario file. */
export interface ScenarioProblem {
  /** From 1 on. */
  readonly line: number;
  /** Such as `participants.alice.steps[2].wait`; empty for the file as a whole. */
  readonly member: string;
  readonly message: string;
}

/** A file that is no scenario; its message has a line for each problem. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly problems: readonly ScenarioProblem[];

  constructor(file: string, problems: readonly ScenarioProblem[]) {
    const lines = problems.map(
      ({ line, member, message }) => `  ${file}:${line}: ${member === '' ? '' : `${member}: `}${message}`,
    );
    super(`${file} is no scenario:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

interface ParsedScenario {
  readonly scenario: ScenarioFile;
  /** The line of a member, or of the nearest one around it that is written. */
  lineOf(path: readonly PropertyKey[]): number;
}

/**
 * Reads the YAML of a scenario.
 * @throws ScenarioError with all problems at once
 */
export function parseScenario(yaml: string, file: string): ParsedScenario {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0)
    throw new ScenarioError(
      file,
      document.errors.map(({ message, pos }) => ({ line: lines.linePos(pos[0]).line, member: '', message })),
    );
  const lineOf = (path: readonly PropertyKey[]): number => lines.linePos(offsetOf(document, path)).line;
  const result = scenarioSchema.safeParse(document.toJS());
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => {
      const paths =
        issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      return paths.map((path) => ({
        line: lineOf(path),
        member: memberName(path),
        message: issue.code === 'unrecognized_keys' ? 'is unknown' : issue.message,
      }));
    });
    throw new ScenarioError(
      file,
      problems.toSorted((a, b) => a.line - b.line),
    );
  }
  const problems = [...relationsOf(result.data), ...faultsOf(result.data)];
  if (problems.length === 0) return { scenario: result.data, lineOf };
  throw new ScenarioError(
    file,
    problems.map(({ path, message }) => ({ line: lineOf(path), member: memberName(path), message })),
  );
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What one member says of another. */
function relationsOf({ participants }: ScenarioFile): Problem[] {
  const problems: Problem[] = [];
  for (const [name, { joins, takes, greeting, expect, calls, requests }] of Object.entries(participants)) {
    const path = ['participants', name];
    if (joins !== undefined && participants[joins]?.calls === undefined)
      problems.push({ path: [...path, 'joins'], message: `must be a participant who calls, not "${joins}"` });
    if (greeting !== undefined && takes !== 'voicemail')
      problems.push({ path: [...path, 'greeting'], message: 'belongs to a voicemail (takes: voicemail)' });
    if (requests !== undefined && calls === undefined)
      problems.push({ path: [...path, 'requests'], message: 'belong to a participant who calls' });
    const { rings, ...ofCalls } = expect;
    if (calls === undefined && Object.keys(ofCalls).length > 0)
      problems.push({ path: [...path, 'expect'], message: 'belongs to a participant who calls' });
    if (takes === undefined && rings !== undefined)
      problems.push({
        path: [...path, 'expect', 'rings'],
        message: 'belongs to a participant who takes calls',
      });
  }
  return problems;
}

function faultsOf({ faults }: ScenarioFile): Problem[] {
  if (faults === undefined) return [];
  try {
    parseAcsFaultPlan(faults);
    return [];
  } catch (error) {
    return [{ path: ['faults'], message: error instanceof Error ? error.message : String(error) }];
  }
}

/** Where the member is written, or the nearest one around it that is written at all. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isPair(item) && String((item.key as { value?: unknown }).value) === key,
      );
      const range = (pair?.key as Node | undefined)?.range;
      if (range) return range[0];
    }
    const range = (document.getIn(path.slice(0, length), true) as Node | undefined)?.range;
    if (range) return range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

/** Such as `participants.alice.steps[2]`. */
export function memberName(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}
