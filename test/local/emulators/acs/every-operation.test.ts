import { CallAutomationClient, type CallAutomationClientOptions } from '@azure/communication-call-automation';
import { describe, expect, it } from 'vitest';
import definition from '../../../../local/emulators/acs/rest/api-definition.json' with { type: 'json' };
import { matchOperation } from '../../../../local/emulators/acs/rest/match-operation.ts';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { MEDIA } from './answered-call.ts';
import { answeredCall, startCallingFixture } from './calling-fixture.ts';
import { conformingResponses } from './conforming-responses.ts';
import { OPERATION_CASES, type OperationName, type Stage } from './operation-cases.ts';

const TRANSCRIPTION = {
  transportType: 'websocket',
  transportUrl: 'ws://127.0.0.1:9/transcription',
  locale: 'en-US',
  startTranscription: false,
} as const;

type Policy = NonNullable<CallAutomationClientOptions['additionalPolicies']>[number]['policy'];

interface Answered {
  readonly operation: string;
  readonly status: number;
}

/** Notes which operation each request was, and how it was answered. */
function noting(answers: Answered[]): Policy {
  return {
    name: 'noting',
    async sendRequest(request, next) {
      const response = await next(request);
      const match = matchOperation(request.method, new URL(request.url).pathname);
      const operation = match.type === 'found' ? match.operation.name : match.type;
      answers.push({ operation, status: response.status });
      return response;
    },
  };
}

const fixture = closedAfterEach(() =>
  startCallingFixture({
    // Opens nothing, and is told that it is open.
    openTranscriptionStream: (_, listener) => {
      queueMicrotask(() => listener.started());
      return { said: () => {}, stop: () => {} };
    },
  }),
);

async function stage(answers: Answered[]): Promise<Stage> {
  const f = await fixture();
  const { call } = await answeredCall(f, {
    mediaStreamingOptions: { ...MEDIA, startMediaStreaming: false },
    transcriptionOptions: TRANSCRIPTION,
  });
  const client = new CallAutomationClient(f.acs.connectionString, {
    allowInsecureConnection: true,
    additionalPolicies: [
      { policy: conformingResponses, position: 'perRetry' },
      { policy: noting(answers), position: 'perRetry' },
    ],
  });
  return {
    f,
    client,
    callbackUrl: f.callbackUrl,
    call,
    connection: client.getCallConnection(call.ids.callConnectionId),
    nowhere: client.getCallConnection('00000000-0000-4000-8000-000000000000'),
  };
}

describe('every operation of the API', () => {
  it('is in the table', () => {
    expect(Object.keys(OPERATION_CASES).sort()).toEqual(Object.keys(definition.operations).sort());
  });

  it.each(Object.keys(OPERATION_CASES) as OperationName[])(
    'is performed, and refused, as the definition says, with Microsoft’s client: %s',
    async (name) => {
      const answers: Answered[] = [];
      const set = await stage(answers);
      const { success, failure } = OPERATION_CASES[name];
      await expect(failure(set), 'what cannot be done').rejects.toMatchObject({ name: 'RestError' });
      expect(answers.at(-1)?.operation).toBe(name);
      expect(answers.at(-1)?.status).toBeGreaterThanOrEqual(400);
      expect(answers.at(-1)?.status, 'nothing is refused for not being built').not.toBe(501);
      await success(set);
      expect(answers.at(-1)?.operation).toBe(name);
      expect(definition.operations[name].success).toContain(answers.at(-1)?.status);
    },
  );
});
