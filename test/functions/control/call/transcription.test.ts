import { describe, expect, it } from 'vitest';
import {
  NO_TRANSCRIPTION,
  stepTranscription,
  type Transcription,
} from '../../../../functions/control/call/transcription.ts';
import { T0 } from '../../../support/calls.ts';

const TRANSCRIPTION_CONFIRM_LIMIT_MS = 15_000;

type TranscriptionEvent = Parameters<typeof stepTranscription>[1];

const start: TranscriptionEvent = { type: 'start', id: 'op-1' };
const stop: TranscriptionEvent = { type: 'stop', id: 'op-2' };
const tell = (type: 'started' | 'stopped' | 'failed', atMs?: number): TranscriptionEvent => ({ type, atMs });

function transcriptionAfter(...events: readonly TranscriptionEvent[]): Transcription {
  return events.reduce(
    (transcription, event) => stepTranscription(transcription, event, T0).transcription,
    NO_TRANSCRIPTION,
  );
}

describe('a transcription', () => {
  it('starts and stops as ACS tells', () => {
    expect(transcriptionAfter(start).state).toBe('starting');
    expect(transcriptionAfter(start, tell('started')).state).toBe('active');
    expect(transcriptionAfter(start, tell('started'), stop).state).toBe('stopping');
    expect(transcriptionAfter(start, tell('started'), stop, tell('stopped')).state).toBe('inactive');
  });

  it.each([
    ['start while it starts', [start], { type: 'start', id: 'op-9' }, 'transcription-already-on'],
    ['start while it runs', [start, tell('started')], start, 'transcription-already-on'],
    ['stop while it is off', [], stop, 'transcription-already-off'],
    ['stop while it stops', [start, stop], { type: 'stop', id: 'op-9' }, 'transcription-already-off'],
  ] as const)('refuses to %s', (_what, before, event, refusal) => {
    const transcription = transcriptionAfter(...before);
    expect(stepTranscription(transcription, event, T0)).toEqual({ transcription, refusal });
  });

  it('takes the same request again, which may not have reached ACS', () => {
    expect(stepTranscription(transcriptionAfter(start), start, T0)).toEqual({
      transcription: transcriptionAfter(start),
    });
  });

  it('may be asked for again when ACS has not confirmed for long', () => {
    const late = T0 + TRANSCRIPTION_CONFIRM_LIMIT_MS;
    const again: TranscriptionEvent = { type: 'start', id: 'op-9' };
    expect(stepTranscription(transcriptionAfter(start), again, late).refusal).toBeUndefined();
    expect(
      stepTranscription(transcriptionAfter(start, stop), { type: 'stop', id: 'op-9' }, late).refusal,
    ).toBeUndefined();
  });

  it('fails when it cannot start, and may be started again', () => {
    expect(transcriptionAfter(start, tell('failed')).state).toBe('failed');
    expect(transcriptionAfter(start, { type: 'refused', id: 'op-1' }).state).toBe('failed');
    expect(transcriptionAfter(start, tell('failed'), start).state).toBe('starting');
  });

  it('goes on when ACS refuses to stop it', () => {
    expect(transcriptionAfter(start, tell('started'), stop, { type: 'refused', id: 'op-2' }).state).toBe(
      'active',
    );
  });

  it('does not heed the refusal of another request, nor events that come late', () => {
    expect(transcriptionAfter(start, { type: 'refused', id: 'op-7' }).state).toBe('starting');
    expect(transcriptionAfter(start, tell('started', 10), tell('stopped', 9)).state).toBe('active');
  });

  it('ends with the call', () => {
    expect(transcriptionAfter(start, tell('started'), { type: 'callEnded' }).state).toBe('inactive');
  });
});
