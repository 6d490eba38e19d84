import type { Answer } from '../call/answer.ts';
import { Fields } from '../http/fields.ts';
import { readCallSetup } from './call-setup.ts';

export interface AnswerRequest {
  readonly incomingCallContext: string;
  readonly answer: Answer;
}

/**
 * `AnswerCallRequest`.
 * @throws RefusedError 400 8523
 */
export function parseAnswerRequest(body: unknown, apiVersion: string): AnswerRequest {
  const fields = new Fields(body);
  const incomingCallContext = fields.text('incomingCallContext');
  const answeredBy = fields.object('answeredBy')?.text('id');
  return {
    incomingCallContext,
    answer: {
      ...readCallSetup(fields, apiVersion),
      answeredBy: answeredBy === undefined ? undefined : { id: answeredBy },
    },
  };
}
