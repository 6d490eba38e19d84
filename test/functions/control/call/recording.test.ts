import { describe, expect, it } from 'vitest';
import { NO_RECORDING, type Recording, stepRecording } from '../../../../functions/control/call/recording.ts';
import { T0 } from '../../../support/calls.ts';

const RECORDING_START_LIMIT_MS = 15_000;

type RecordingEvent = Parameters<typeof stepRecording>[1];

const ask = (request: Extract<RecordingEvent, { type: 'asked' }>['request']): RecordingEvent => ({
  type: 'asked',
  request,
});
const answer = (
  request: Extract<RecordingEvent, { type: 'answered' }>['request'],
  recordingId?: string,
): RecordingEvent => ({ type: 'answered', request, ...(recordingId === undefined ? {} : { recordingId }) });
const refuse = (
  request: Extract<RecordingEvent, { type: 'refused' }>['request'],
  unknown = false,
): RecordingEvent => ({ type: 'refused', request, unknown });
const tell = (active: boolean, atMs: number, recordingId = 'one'): RecordingEvent => ({
  type: 'reported',
  recordingId,
  active,
  atMs,
});

function recordingAfter(...events: readonly RecordingEvent[]): Recording {
  return events.reduce((recording, event) => stepRecording(recording, event, T0).recording, NO_RECORDING);
}

const started = [ask('startRecording'), answer('startRecording', 'one')] as const;

describe('a recording', () => {
  it('starts, pauses, goes on and stops as ACS answers', () => {
    expect(recordingAfter(ask('startRecording')).state).toBe('starting');
    expect(recordingAfter(...started)).toMatchObject({ state: 'recording', recordingId: 'one' });
    const paused = [...started, ask('pauseRecording'), answer('pauseRecording')];
    expect(recordingAfter(...paused)).toMatchObject({ state: 'paused', recordingId: 'one' });
    expect(recordingAfter(...paused, ask('resumeRecording'), answer('resumeRecording')).state).toBe(
      'recording',
    );
    const stopped = recordingAfter(...started, ask('stopRecording'), answer('stopRecording'));
    expect(stopped.state).toBe('inactive');
    expect(stopped).not.toHaveProperty('recordingId');
  });

  it('may begin with a pause', () => {
    const asked: RecordingEvent = { type: 'asked', request: 'startRecording', pauseOnStart: true };
    expect(recordingAfter(asked, answer('startRecording', 'one')).state).toBe('paused');
    expect(recordingAfter(asked, tell(false, 5), answer('startRecording', 'one')).state).toBe('paused');
    expect(recordingAfter(asked, answer('startRecording', 'one'), tell(false, 5)).state).toBe('paused');
  });

  it.each([
    ['startRecording', started, 'recording-already-on'],
    ['startRecording', [ask('startRecording')], 'recording-starting'],
    ['pauseRecording', [], 'recording-already-off'],
    ['pauseRecording', [ask('startRecording')], 'recording-starting'],
    ['pauseRecording', [...started, ask('pauseRecording'), answer('pauseRecording')], 'recording-paused'],
    ['resumeRecording', started, 'recording-not-paused'],
    ['stopRecording', [], 'recording-already-off'],
  ] as const)('refuses %s where there is nothing to it', (request, before, refusal) => {
    const recording = recordingAfter(...before);
    expect(stepRecording(recording, ask(request), T0)).toEqual({ recording, refusal });
  });

  it('may be started again when ACS has not answered for long', () => {
    const waiting = recordingAfter(ask('startRecording'));
    const late = T0 + RECORDING_START_LIMIT_MS;
    expect(stepRecording(waiting, ask('startRecording'), late).refusal).toBeUndefined();
  });

  it('is off again when ACS refuses to start it, and as it was when ACS refuses anything else', () => {
    expect(recordingAfter(ask('startRecording'), refuse('startRecording')).state).toBe('inactive');
    expect(recordingAfter(...started, ask('pauseRecording'), refuse('pauseRecording')).state).toBe(
      'recording',
    );
  });

  it('is off where ACS does not know it', () => {
    expect(recordingAfter(...started, ask('pauseRecording'), refuse('pauseRecording', true)).state).toBe(
      'inactive',
    );
  });

  it('is known from what ACS tells when its answer was lost', () => {
    expect(recordingAfter(ask('startRecording'), tell(true, 5))).toMatchObject({
      state: 'recording',
      recordingId: 'one',
    });
    expect(recordingAfter(tell(true, 5)).state).toBe('recording');
    expect(recordingAfter(...started, ask('pauseRecording'), tell(false, 5)).state).toBe('paused');
    expect(
      recordingAfter(...started, ask('stopRecording'), answer('stopRecording'), tell(false, 9)).state,
    ).toBe('inactive');
  });

  it('has ended by itself when ACS tells so and nobody asked for it', () => {
    expect(recordingAfter(...started, tell(true, 5), tell(false, 6)).state).toBe('inactive');
  });

  it('is not brought back by what is told late', () => {
    const stopped = [...started, ask('stopRecording'), answer('stopRecording')];
    expect(recordingAfter(...stopped, tell(true, 5)).state, 'the start, told after the stop').toBe(
      'inactive',
    );
    const continues = [...started, tell(true, 7)];
    expect(recordingAfter(...continues, tell(false, 6)).state, 'an older event').toBe('recording');
    expect(recordingAfter(...continues, tell(false, 8, 'another')).state, 'another recording').toBe(
      'recording',
    );
  });

  it('stays paused, or goes on, whatever ACS tells late of what was before', () => {
    const paused = [...started, ask('pauseRecording'), answer('pauseRecording')];
    expect(recordingAfter(...paused, tell(true, 5)).state, 'the start, told after the pause').toBe('paused');
    expect(recordingAfter(...paused, tell(true, 5), tell(false, 6)).state).toBe('paused');
    const resumed = [...paused, ask('resumeRecording'), answer('resumeRecording')];
    expect(recordingAfter(...resumed, tell(false, 6)).state, 'the pause, told after the resumption').toBe(
      'recording',
    );
    expect(recordingAfter(...resumed, tell(true, 7), tell(false, 6)).state).toBe('recording');
    expect(recordingAfter(...resumed, tell(false, 6), tell(true, 7), tell(false, 8)).state, 'its end').toBe(
      'inactive',
    );
    const again = [...resumed, ask('pauseRecording'), answer('pauseRecording')];
    expect(recordingAfter(...again, tell(true, 7), tell(false, 6), tell(false, 8)).state).toBe('paused');
  });

  it('goes on when ACS tells so and the answer was lost, or somebody else resumed it', () => {
    const paused = [...started, ask('pauseRecording'), answer('pauseRecording')];
    expect(recordingAfter(...paused, ask('resumeRecording'), tell(true, 9)).state).toBe('recording');
    expect(recordingAfter(...paused, tell(false, 6), tell(true, 9)).state, 'by somebody else').toBe(
      'recording',
    );
  });

  it('stays paused when its beginning has the time of its pause, and is told after it', () => {
    const paused = recordingAfter(
      ...started,
      ask('pauseRecording'),
      answer('pauseRecording'),
      tell(false, 5),
    );
    expect(paused.state).toBe('paused');
    expect(stepRecording(paused, tell(true, 5), T0).recording.state, 'the same millisecond').toBe('paused');
    expect(stepRecording(paused, tell(true, 6), T0).recording.state, 'later: resumed by others').toBe(
      'recording',
    );
  });

  it('that was stopped is not brought back by what is told late where the answer was lost', () => {
    const stopping = [...started, ask('stopRecording'), tell(false, 6)];
    expect(recordingAfter(...stopping, tell(true, 7)).state).toBe('inactive');
  });

  it('ends with the call', () => {
    expect(recordingAfter(...started, { type: 'callEnded' }).state).toBe('inactive');
  });
});
