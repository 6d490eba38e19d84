import { type Document, isMap, isPair, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { didYouMean } from '../../../shared/base/did-you-mean.ts';
import { parseRoutes, RoutesError } from '../../../shared/wire/call/routes-schema.ts';
import { parseAcsFaultPlan } from '../../emulators/acs/faults/fault-plan.ts';
import { MEMBER_NAMES, type ScenarioFile, scenarioSchema } from './scenario-schema.ts';
import { routesWithTranscripts } from './transcripts.ts';

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

/** In place of the address that the scenario's receiver of transcripts will have. */
const ANY_ADDRESS = 'ws://127.0.0.1:1/';

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
  if (document.errors.length > 0) {
    // What follows a tab is read wrongly.
    const tabs = document.errors.filter(({ code }) => code === 'TAB_AS_INDENT');
    throw new ScenarioError(
      file,
      (tabs.length > 0 ? tabs : document.errors).map(({ message, pos }) => ({
        line: lines.linePos(pos[0]).line,
        member: '',
        message,
      })),
    );
  }
  const lineOf = (path: readonly PropertyKey[]): number => lines.linePos(offsetOf(document, path)).line;
  const result = scenarioSchema.safeParse(document.toJS());
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => {
      const paths =
        issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      return paths.map((path) => ({
        line: lineOf(path),
        member: memberName(path),
        message:
          issue.code === 'unrecognized_keys'
            ? `is unknown${didYouMean(String(path.at(-1)), MEMBER_NAMES)}`
            : messageOf(issue),
      }));
    });
    throw new ScenarioError(
      file,
      problems.toSorted((a, b) => a.line - b.line),
    );
  }
  const problems = [...relationsOf(result.data), ...faultsOf(result.data), ...routesOf(result.data)];
  if (problems.length === 0) return { scenario: result.data, lineOf };
  throw new ScenarioError(
    file,
    problems.map(({ path, message }) => ({ line: lineOf(path), member: memberName(path), message })),
  );
}

/** Every text of the file that names a recording, with its line; nothing where the text is no YAML. */
export function recordingsIn(yaml: string): { readonly name: string; readonly line: number }[] {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const found: { name: string; line: number }[] = [];
  if (document.errors.length > 0) return found;
  visit(document, {
    Scalar: (key, { value, range }) => {
      if (key !== 'key' && typeof value === 'string' && value.endsWith('.wav'))
        found.push({ name: value, line: lines.linePos(range?.[0] ?? 0).line });
    },
  });
  return found;
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

/** What `npm start` would say of the routes. */
function routesOf({ routes }: ScenarioFile): Problem[] {
  if (routes === undefined) return [];
  try {
    parseRoutes(routesWithTranscripts(routes, ANY_ADDRESS));
    return [];
  } catch (error) {
    if (!(error instanceof RoutesError)) throw error;
    return error.problems.map((problem) => {
      const [named = '', index] = /^routes\[(\d+)\]\.?/.exec(problem) ?? [];
      const path = index === undefined ? ['routes'] : ['routes', Number(index)];
      return { path, message: problem.slice(named.length) };
    });
  }
}

/** Zod names the key of a record by what is wrong with it. */
function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
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
