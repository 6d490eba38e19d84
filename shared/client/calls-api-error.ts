import {
  PROBLEM_CONTENT_TYPE,
  PROBLEMS,
  type Problem,
  type ProblemName,
  problemType,
} from '../wire/api/problem.ts';

/** The API did not do what was requested. */
export class CallsApiError extends Error {
  override readonly name = 'CallsApiError';
  /** The problem document of the API, or one made up here if the answer had none. */
  readonly problem: Problem;
  /** The problem's name in the catalogue (docs/errors.md); undefined if the answer is not from this API. */
  readonly problemName: ProblemName | undefined;
  constructor(operation: string, problem: Problem, options?: ErrorOptions) {
    super(`${operation}: ${problem.title}: ${problem.detail}`, options);
    this.problem = problem;
    this.problemName = NAMES.get(problem.type);
  }

  /** The HTTP status, or 0 if there was no answer. */
  get status(): number {
    return this.problem.status;
  }
}

const NAMES: ReadonlyMap<string, ProblemName> = new Map(
  (Object.keys(PROBLEMS) as ProblemName[]).map((name) => [problemType(name), name]),
);

/** The error for an answer that is not a success. */
export async function errorOf(operation: string, response: Response): Promise<CallsApiError> {
  const { status, statusText } = response;
  const said = await problemIn(response);
  return new CallsApiError(operation, {
    title: statusText === '' ? `HTTP ${status}` : statusText,
    detail: 'The answer is not one of this API.',
    type: 'about:blank',
    ...said,
    status,
  });
}

/** The error for a request without an answer, or with one that could not be understood. */
export function noAnswer(operation: string, detail: string, cause: unknown): CallsApiError {
  const problem = { type: 'about:blank', title: 'The API could not be reached', status: 0, detail };
  // What a SyntaxError says begins with the text of the answer, which is for no log.
  return new CallsApiError(operation, problem, cause instanceof SyntaxError ? {} : { cause });
}

async function problemIn(response: Response): Promise<Partial<Problem>> {
  if (!response.headers.get('content-type')?.startsWith(PROBLEM_CONTENT_TYPE)) {
    await response.body?.cancel();
    return {};
  }
  try {
    const value: unknown = await response.json();
    if (typeof value !== 'object' || value === null) return {};
    const { type, title, detail } = value as Record<string, unknown>;
    const isProblem = [type, title, detail].every((member) => typeof member === 'string');
    return isProblem ? (value as Problem) : {};
  } catch {
    return {};
  }
}
