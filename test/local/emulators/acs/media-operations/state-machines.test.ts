import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type RecordingInput,
  type RecordingPhase,
  stepRecordingPhase,
} from '../../../../../local/emulators/acs/media-operations/call-recordings.ts';
import {
  stepTranscribing,
  type TranscribingState,
  type TranscriptionEffect,
  type TranscriptionInput,
} from '../../../../../local/emulators/acs/media-operations/transcription-machine.ts';

describe('a recording', () => {
  it('is told inactive when paused and stopped, active when resumed', () => {
    expect(stepRecordingPhase('active', 'pause')).toEqual({ state: 'paused', changed: 'inactive' });
    expect(stepRecordingPhase('paused', 'resume')).toEqual({ state: 'active', changed: 'active' });
    expect(stepRecordingPhase('active', 'stop')).toEqual({ state: 'stopped', changed: 'inactive' });
    expect(stepRecordingPhase('active', 'callEnded')).toEqual({ state: 'stopped', changed: 'inactive' });
  });

  it('tells nothing where nothing changes', () => {
    expect(stepRecordingPhase('active', 'resume')).toEqual({ state: 'active' });
    expect(stepRecordingPhase('paused', 'pause')).toEqual({ state: 'paused' });
  });

  it('is not found once it has been stopped, and never comes back', () => {
    const input = fc.constantFrom<RecordingInput>('pause', 'resume', 'stop', 'callEnded');
    fc.assert(
      fc.property(fc.array(input), (inputs) => {
        let state: RecordingPhase = 'active';
        let told = 'active';
        for (const next of inputs) {
          const step = stepRecordingPhase(state, next);
          if (state === 'stopped') {
            expect(step.state).toBe('stopped');
            expect(step.refusal?.status).toBe(next === 'callEnded' ? undefined : 404);
          }
          if (step.changed !== undefined) {
            expect(step.changed, 'two events in a row that say the same').not.toBe(told);
            told = step.changed;
          }
          state = step.state;
        }
      }),
    );
  });
});

describe('transcription', () => {
  const inactive: TranscribingState = { phase: 'inactive', locale: 'en-US', replyTo: {} };
  const start: TranscriptionInput = {
    type: 'start',
    locale: 'de-DE',
    replyTo: { operationContext: 'start' },
  };

  function run(
    state: TranscribingState,
    ...inputs: TranscriptionInput[]
  ): { state: TranscribingState; effects: TranscriptionEffect[]; refused: (number | undefined)[] } {
    const effects: TranscriptionEffect[] = [];
    const refused: (number | undefined)[] = [];
    let now = state;
    for (const input of inputs) {
      const step = stepTranscribing(now, input);
      now = step.state;
      effects.push(...step.effects);
      refused.push(step.refusal?.status);
    }
    return { state: now, effects, refused };
  }

  it('is told as started once its socket is open, with the context of the start', () => {
    const { effects, state } = run(inactive, start, { type: 'opened' });
    expect(state).toMatchObject({ phase: 'active', locale: 'de-DE' });
    expect(effects).toMatchObject([
      { type: 'open' },
      {
        type: 'tell',
        event: 'TranscriptionStarted',
        details: 'subscriptionStarted',
        replyTo: { operationContext: 'start' },
      },
    ]);
  });

  it.each([
    ['invalidUrl', 400, 8581],
    ['notAccepted', 500, 8578],
  ] as const)('fails where its socket cannot be opened (%s)', (failure, code, subCode) => {
    const { effects, state } = run(inactive, start, { type: 'failed', failure });
    expect(state.phase).toBe('inactive');
    expect(effects.at(-1)).toMatchObject({ event: 'TranscriptionFailed', result: { code, subCode } });
  });

  it('changes its language while it runs, and keeps the context of the start for its end', () => {
    const { effects, state } = run(
      inactive,
      start,
      { type: 'opened' },
      { type: 'update', locale: 'fr-FR', replyTo: { operationContext: 'update' } },
      { type: 'stop', replyTo: {} },
    );
    expect(state.locale).toBe('fr-FR');
    expect(effects.slice(2)).toMatchObject([
      { event: 'TranscriptionUpdated', replyTo: { operationContext: 'update' } },
      { type: 'close' },
      { event: 'TranscriptionStopped', replyTo: { operationContext: 'start' } },
    ]);
  });

  it('is refused where it was not configured, where it runs already, where it does not run, and after the call', () => {
    const stop: TranscriptionInput = { type: 'stop', replyTo: {} };
    expect(run({ ...inactive, phase: 'unconfigured' }, start, stop).refused).toEqual([405, 405]);
    expect(run(inactive, stop, start, start).refused).toEqual([400, undefined, 400]);
    expect(run(inactive, { type: 'callEnded' }, start).refused).toEqual([undefined, 404]);
  });

  it('says nothing after the call has ended', () => {
    const { effects } = run(
      inactive,
      start,
      { type: 'callEnded' },
      { type: 'opened' },
      { type: 'closedByPeer' },
      { type: 'failed', failure: 'notAccepted' },
    );
    expect(effects).toEqual([{ type: 'open' }, { type: 'close' }]);
  });
});
