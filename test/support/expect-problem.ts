import { expect } from 'vitest';
import {
  PROBLEM_CONTENT_TYPE,
  PROBLEMS,
  type ProblemName,
  problemType,
} from '../../shared/wire/api/problem.ts';
import type { Answer } from './control-fixture.ts';

/** The answer is this problem, with its status and content type. */
export function expectProblem(answer: Answer, name: ProblemName, what = ''): void {
  expect(answer.json, what).toMatchObject({ status: PROBLEMS[name].status, type: problemType(name) });
  expect(answer.status, what).toBe(PROBLEMS[name].status);
  expect(answer.headers.get('content-type'), what).toBe(PROBLEM_CONTENT_TYPE);
}
