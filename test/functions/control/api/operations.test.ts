import type { HttpHandler } from '@azure/functions';
import { beforeEach, describe, expect, it } from 'vitest';
import { participantInPath } from '../../../../functions/control/api/participant-in-path.ts';
import { withWorker } from '../../../../functions/control/call/workers.ts';
import type { CallOperation } from '../../../../shared/call/operation.ts';
import { parametersOf } from '../../../../shared/wire/api/endpoint.ts';
import { ENDPOINTS, type OperationId } from '../../../../shared/wire/api/endpoints.ts';
import { signCallToken } from '../../../../shared/wire/signed/call-token.ts';
import { CONNECTED_ID, connectedCall, report } from '../../../support/connected-call.ts';
import {
  type Answer,
  type ControlFixture,
  type RequestOptions,
  TICKET_KEY,
} from '../../../support/control-fixture.ts';
import { expectProblem } from '../../../support/expect-problem.ts';

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = await connectedCall();
});

function ask(id: OperationId, options: RequestOptions = {}): Promise<Answer> {
  return fixture.ask(id, { ...options, params: { callId: CONNECTED_ID, ...options.params } });
}

const SOMEBODY = '4:+14255550177';

/** Each request, and what ACS is then asked for. */
const REQUESTS: readonly [OperationId, RequestOptions, CallOperation][] = [
  ['transfer', { body: { target: '+14255550177' } }, { type: 'transfer', target: SOMEBODY }],
  [
    'transfer',
    { body: { target: '8:acs:one_two', transferee: SOMEBODY } },
    { type: 'transfer', target: '8:acs:one_two', transferee: SOMEBODY },
  ],
  [
    'addParticipant',
    { body: { target: '+14255550177', callerId: '+18005550199', displayName: 'Help', ringMs: 20_000 } },
    {
      type: 'addParticipant',
      target: SOMEBODY,
      callerId: '+18005550199',
      displayName: 'Help',
      ringMs: 20_000,
    },
  ],
  [
    'cancelAddParticipant',
    { params: { invitationId: 'inv-1' } },
    { type: 'cancelAddParticipant', invitationId: 'inv-1' },
  ],
  [
    'removeParticipant',
    { body: { participant: '+14255550177' } },
    { type: 'removeParticipant', participant: SOMEBODY },
  ],
  [
    'muteParticipant',
    { body: { participant: SOMEBODY } },
    { type: 'muteParticipant', participant: SOMEBODY },
  ],
  [
    'holdParticipant',
    { body: { participant: SOMEBODY, music: { kind: 'file', url: 'https://files.example/a.wav' } } },
    {
      type: 'hold',
      participant: SOMEBODY,
      music: { kind: 'file', url: 'https://files.example/a.wav' },
    },
  ],
  ['unholdParticipant', { body: { participant: SOMEBODY } }, { type: 'unhold', participant: SOMEBODY }],
  [
    'sendDtmf',
    { body: { participant: SOMEBODY, tones: '1*b#' } },
    { type: 'sendDtmf', participant: SOMEBODY, tones: ['one', 'asterisk', 'b', 'pound'] },
  ],
  [
    'play',
    { body: { source: { kind: 'text', text: 'Hello.' }, to: SOMEBODY, loop: true, interrupt: true } },
    {
      type: 'play',
      source: { kind: 'text', text: 'Hello.' },
      to: SOMEBODY,
      loop: true,
      interrupt: true,
    },
  ],
  ['cancelPlay', {}, { type: 'cancelMedia' }],
  [
    'recognize',
    {
      body: {
        participant: SOMEBODY,
        input: { kind: 'dtmf', maxTones: 4, stopTones: ['pound'] },
        prompt: { kind: 'ssml', ssml: '<speak/>' },
        initialSilenceMs: 5_000,
      },
    },
    {
      type: 'recognize',
      participant: SOMEBODY,
      input: { kind: 'dtmf', maxTones: 4, stopTones: ['pound'] },
      prompt: { kind: 'ssml', ssml: '<speak/>' },
      initialSilenceMs: 5_000,
    },
  ],
  ['startTranscription', { body: { locale: 'en-US' } }, { type: 'startTranscription', locale: 'en-US' }],
  ['startRecording', {}, { type: 'startRecording', content: 'audio', channels: 'mixed', format: 'wav' }],
  [
    'startRecording',
    { body: { content: 'audioVideo', format: 'mp4', pauseOnStart: true } },
    {
      type: 'startRecording',
      content: 'audioVideo',
      channels: 'mixed',
      format: 'mp4',
      pauseOnStart: true,
    },
  ],
];

describe('operations on a connected call', () => {
  it.each(REQUESTS)(
    '%s asks ACS, and answers 202 with the call and what was asked for',
    async (id, options, operation) => {
      fixture.acs.operationAnswer =
        id === 'addParticipant' ? { invitationId: 'inv-7' } : { recordingId: 'rec-7' };
      const answer = await ask(id, options);
      expect(answer.json).toMatchObject({
        callId: CONNECTED_ID,
        operation: { id: expect.stringMatching(/^op-/) },
      });
      expect(answer.status).toBe(202);
      expect(fixture.acs.operations.map((asked) => asked.operation)).toEqual([operation]);
      const { operation: asked, operations } = answer.json as {
        operation: { id: string; invitationId?: string };
        operations: { id: string; type: string }[];
      };
      expect(operations.at(-1)).toMatchObject({ id: asked.id, type: operation.type });
      if (id === 'addParticipant') expect(asked.invitationId).toBe('inv-7');
    },
  );

  it('records, pauses, goes on and stops, each only where that makes sense', async () => {
    fixture.acs.operationAnswer = { recordingId: 'rec-1' };
    expectProblem(await ask('stopRecording'), 'recording-already-off');
    expect((await ask('startRecording')).status).toBe(202);
    await report(fixture, 'RecordingStateChanged', { recordingId: 'rec-1', state: 'active' });
    expectProblem(await ask('startRecording'), 'recording-already-on');
    expectProblem(await ask('resumeRecording'), 'recording-not-paused');
    fixture.acs.operationAnswer = {};
    expect((await ask('pauseRecording')).json).toMatchObject({
      recording: { state: 'paused', recordingId: 'rec-1' },
    });
    expectProblem(await ask('pauseRecording'), 'recording-paused');
    expect((await ask('resumeRecording')).json).toMatchObject({ recording: { state: 'recording' } });
    expect((await ask('stopRecording')).json).toMatchObject({ recording: { state: 'inactive' } });
    expect(fixture.acs.operations.map(({ operation }) => operation.type)).toEqual([
      'startRecording',
      'pauseRecording',
      'resumeRecording',
      'stopRecording',
    ]);
  });

  it('transcribes, and stops', async () => {
    expectProblem(await ask('stopTranscription'), 'transcription-already-off');
    expect((await ask('startTranscription', { body: { locale: 'de-DE' } })).json).toMatchObject({
      transcription: { state: 'starting' },
    });
    await report(fixture, 'TranscriptionStarted');
    expectProblem(await ask('startTranscription', { body: { locale: 'de-DE' } }), 'transcription-already-on');
    expect((await ask('stopTranscription')).json).toMatchObject({ transcription: { state: 'stopping' } });
  });

  it('lists who is on the call, by the ids that other operations take', async () => {
    fixture.acs.people = [{ rawId: SOMEBODY, muted: false, onHold: true }];
    const answer = await ask('listParticipants');
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ participants: [{ rawId: SOMEBODY, muted: false, onHold: true }] });
  });

  it('lists them to who may only read by the last four characters of their ids', async () => {
    fixture.acs.people = [{ rawId: SOMEBODY, muted: false, onHold: true }];
    const holder = { callId: CONNECTED_ID, worker: 'spy', expiresAtMs: fixture.nowMs + 60_000 };
    const authorization = `Bearer ${signCallToken(holder, TICKET_KEY)}`;
    await fixture.store.update(CONNECTED_ID, (call) => ({
      call: withWorker(call, { name: 'spy', speaks: false }),
    }));
    const answer = await ask('listParticipants', { hostCheck: 'nothing', headers: { authorization } });
    expect(answer.json).toEqual({
      participants: [{ rawId: `…${SOMEBODY.slice(-4)}`, muted: false, onHold: true }],
    });
    expect(answer.text).not.toContain(SOMEBODY.slice(0, -4));
  });

  it('name nobody in their path, which is logged, and say so without the number', async () => {
    const params = { callId: CONNECTED_ID, participant: SOMEBODY.slice(2) };
    const [byKey, byNobody] = (['function-key', 'nothing'] as const).map((hostCheck) =>
      participantInPath(fixture.load, hostCheck),
    ) as [HttpHandler, HttpHandler];
    const answer = await fixture.call(byKey, { method: 'DELETE', params });
    expectProblem(answer, 'invalid-request');
    expect(answer.json).toMatchObject({
      detail: expect.stringContaining('Name the participant in the body'),
      errors: [{ parameter: 'participant', in: 'path' }],
    });
    expect(answer.text + fixture.logged.join()).not.toContain(SOMEBODY.slice(-7));
    expectProblem(await fixture.call(byNobody, { method: 'DELETE', params }), 'unauthorized');
    for (const { path } of Object.values(ENDPOINTS))
      expect(parametersOf(path), path).not.toEqual(expect.arrayContaining(['participant']));
  });

  it('cannot unmute, and says why', async () => {
    const answer = await ask('unmuteParticipant', { body: { participant: SOMEBODY } });
    expectProblem(answer, 'not-supported');
    expect((answer.json as { detail: string }).detail).toContain('unmute only themselves');
  });

  it('leaves a call to the others where it is told to', async () => {
    expect((await ask('hangUp', { body: { forEveryone: false } })).status).toBe(202);
    expect(fixture.acs.asked.at(-1)).toMatchObject({
      operation: 'hangUp',
      context: 'for the application alone',
    });
  });

  it('are refused before the call is connected, after its end and where there is none', async () => {
    expectProblem(
      await fixture.ask('play', { params: { callId: 'a'.repeat(32) }, body: PLAY }),
      'call-not-found',
    );
    await report(fixture, 'CallDisconnected');
    const ended = await ask('play', { body: PLAY });
    expectProblem(ended, 'call-ended');
    expect(ended.json).toMatchObject({ callState: 'ended' });
    expectProblem(await ask('listParticipants'), 'call-ended');
    expect(fixture.acs.operations).toEqual([]);
  });

  it('tell what ACS says: that it is busy, that it refuses, that it was not asked', async () => {
    fixture.acs.fail('operate', { status: 429, retryable: true, retryAfter: '3' });
    const busy = await ask('play', { body: PLAY });
    expectProblem(busy, 'acs-unavailable');
    expect(busy.headers.get('retry-after')).toBe('3');
    fixture.acs.fail('operate', { status: 400, code: '8523', retryable: false });
    const refused = await ask('play', { body: PLAY });
    expectProblem(refused, 'acs-refused');
    expect(refused.json).toMatchObject({ acsStatus: 400, acsCode: '8523' });
    fixture.acs.fail('operate', { retryable: false, notAsked: 'a raw id is not one of ACS' });
    expectProblem(await ask('play', { body: PLAY }), 'operation-not-possible');
  });

  it('show what came of them in the call', async () => {
    await ask('play', { body: PLAY });
    const { operations } = (await ask('getCall')).json as { operations: { id: string; state: string }[] };
    expect(operations).toMatchObject([{ type: 'play', state: 'pending' }]);
    await report(fixture, 'PlayCompleted', { operationContext: operations[0]?.id });
    expect((await ask('getCall')).json).toMatchObject({
      operations: [{ type: 'play', state: 'succeeded', settledAtMs: fixture.nowMs }],
    });
  });

  it('leave no number, tone, text or address in timeline and log', async () => {
    for (const [id, options] of REQUESTS) await ask(id, options);
    const timeline = JSON.stringify(await fixture.store.timeline(CONNECTED_ID, 1_000));
    expect(timeline).toContain('OperationRequested');
    for (const text of [timeline, fixture.logged.join('\n')])
      expect(text).not.toMatch(/\+?1425555|asterisk|Hello\.|files\.example|one_two/);
  });
});

const PLAY = { source: { kind: 'file', url: 'https://files.example/hello.wav' } };

describe('placing a call', () => {
  it('answers 202 with the call and where it is, and shows no whole number', async () => {
    const answer = await fixture.ask('placeCall', {
      body: { to: '+14255550177', callerId: '+18005550199', displayName: 'Help' },
    });
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({
      direction: 'outbound',
      state: 'placing',
      route: 'calls-out',
      to: '…0177',
    });
    const { callId } = answer.json as { callId: string };
    expect(answer.headers.get('location')).toBe(`/api/calls/${callId}`);
    expect(fixture.acs.placed).toMatchObject([
      { to: SOMEBODY, callerId: '+18005550199', displayName: 'Help' },
    ]);
    expect(answer.text + JSON.stringify(answer.json)).not.toContain('4255550177');
    expect((await fixture.ask('getCall', { params: { callId } })).status).toBe(200);
  });

  it('is refused where no outbound route matches, or none of the name', async () => {
    expectProblem(await fixture.ask('placeCall', { body: { to: '+4930123456' } }), 'no-route');
    expectProblem(
      await fixture.ask('placeCall', { body: { to: '+14255550177', route: 'everyone' } }),
      'no-route',
    );
    expect(fixture.acs.placed).toEqual([]);
  });

  it('names the call that did not come about when ACS refuses', async () => {
    fixture.acs.fail('place', { status: 403, code: '8530', retryable: false });
    const answer = await fixture.ask('placeCall', { body: { to: '+14255550177' } });
    expectProblem(answer, 'acs-refused');
    const { callId } = answer.json as { callId: string };
    const { json } = await fixture.ask('getTimeline', { params: { callId } });
    expect((json as { entries: { type: string }[] }).entries.map(({ type }) => type)).toEqual([
      'PlaceRequested',
      'PlaceFailed',
    ]);
    expect((await fixture.ask('getCall', { params: { callId } })).json).toMatchObject({
      state: 'ended',
      failure: 'failed',
    });
  });
});

describe('listing calls', () => {
  it('finds them by state, route and direction', async () => {
    await fixture.ask('placeCall', { body: { to: '+14255550177' } });
    const found = async (query: Record<string, string>): Promise<string[]> => {
      const { json } = await fixture.ask('listCalls', { query });
      return (json as { calls: { route: string }[] }).calls.map(({ route }) => route);
    };
    expect(await found({})).toEqual(['calls-out', 'everyone']);
    expect(await found({ state: 'placing' })).toEqual(['calls-out']);
    expect(await found({ route: 'everyone' })).toEqual(['everyone']);
    expect(await found({ direction: 'outbound' })).toEqual(['calls-out']);
    expect(await found({ direction: 'inbound', state: 'placing' })).toEqual([]);
  });

  it('goes on where the page before ended', async () => {
    for (let count = 0; count < 4; count += 1) {
      fixture.nowMs += 1;
      await fixture.ask('placeCall', { body: { to: '+14255550177' } });
    }
    const seen: string[] = [];
    let next: string | undefined;
    do {
      const query: Record<string, string> = { limit: '2', ...(next === undefined ? {} : { after: next }) };
      const page = (await fixture.ask('listCalls', { query })).json as {
        calls: { callId: string }[];
        truncated: boolean;
        next?: string;
      };
      seen.push(...page.calls.map(({ callId }) => callId));
      expect(page.truncated).toBe(page.next !== undefined);
      next = page.next;
    } while (next !== undefined);
    expect(new Set(seen).size).toBe(5);
    expect(seen).toHaveLength(5);
  });
});
