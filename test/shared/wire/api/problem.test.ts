import { describe, expect, it } from 'vitest';
import { PROBLEMS, type ProblemName, problem, problemType } from '../../../../shared/wire/api/problem.ts';

describe('problems', () => {
  it('have the members of RFC 9457', () => {
    expect(problem('call-not-found', 'No call has this id.')).toEqual({
      type: 'urn:trunkline:problem:call-not-found',
      title: 'Call not found',
      status: 404,
      detail: 'No call has this id.',
    });
  });

  it('carry further members, which cannot replace the standard ones', () => {
    expect(problem('call-ended', 'why', { callState: 'ended', status: 200, type: 'x' })).toMatchObject({
      callState: 'ended',
      status: 409,
      type: problemType('call-ended'),
    });
  });

  it('all have a type of their own, an error status and a title', () => {
    const names = Object.keys(PROBLEMS) as ProblemName[];
    for (const name of names) {
      expect(URL.canParse(problemType(name)), name).toBe(true);
      expect(PROBLEMS[name].status).toBeGreaterThanOrEqual(400);
      expect(PROBLEMS[name].title).toMatch(/^[A-Z]/);
    }
    expect(new Set(names.map((name) => PROBLEMS[name].title)).size).toBe(names.length);
  });
});
