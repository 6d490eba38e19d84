import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../../../../local/emulators/acs/http/refusal.ts';
import { MediaTicker } from '../../../../../local/emulators/acs/media/media-ticker.ts';
import { CallOperations } from '../../../../../local/emulators/acs/media-operations/call-operations.ts';
import { CallTranscription } from '../../../../../local/emulators/acs/media-operations/call-transcription.ts';
import { MAX_WAITING } from '../../../../../local/emulators/acs/media-operations/operation-queue.ts';
import type { PlaySource } from '../../../../../local/emulators/acs/media-operations/play-source.ts';
import type { LoadPrompt } from '../../../../../local/emulators/acs/media-operations/prompt-loader.ts';
import type { RecognizeRequest } from '../../../../../local/emulators/acs/media-operations/recognize-operation.ts';
import type { Phone } from '../../../../../local/phone/phone.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { FakePhone } from '../media/fake-phone.ts';

const RATE = 16_000;
const ANN = '4:+14255550123';
const BOB = '4:+14255550124';
const SOURCE: PlaySource = { kind: 'file', uri: 'http://127.0.0.1/a.wav' };

/** One second of sound. */
const load: LoadPrompt = async () => ({
  type: 'loaded',
  samples: new Int16Array(RATE).fill(7),
  sampleRateHz: RATE,
});

function fixture(loadPrompt: LoadPrompt = load, names = [ANN, BOB]) {
  const clock = new ManualClock();
  const line: Phone[] = [];
  const events: string[] = [];
  let recordings = 0;
  const emit: ConstructorParameters<typeof CallOperations>[0]['emit'] = (type, data, replyTo) => {
    events.push(`${replyTo.operationContext ?? '-'} ${type} ${data.resultInformation.subCode}`);
  };
  const operations = new CallOperations({
    phones: () => line,
    isShown: () => false,
    setOnHold: () => {},
    showOnHold: (rawId, onHold) =>
      void events.push(`${rawId} ${onHold ? 'shown' : 'no longer shown'} on hold`),
    emit,
    clock,
    loadPrompt,
    recordingDelayMs: 50,
    newRecordingId: () => `recording-${++recordings}`,
    transcription: new CallTranscription({
      configuration: undefined,
      callConnectionId: 'connection',
      correlationId: 'correlation',
      replyTo: {},
      emit,
      mediaToken: () => Promise.resolve('token'),
      newId: () => 'id',
      intermediateWords: false,
      open: () => ({ said: () => {}, stop: () => {} }),
    }),
    sampleRateHz: RATE,
    ticker: new MediaTicker(clock),
  });
  const phones = names.map((name) => new FakePhone(name));
  for (const phone of phones) line.push(operations.wrap(phone));
  const leave = (rawId: string): void => {
    line.splice(
      line.findIndex((phone) => phone.rawId === rawId),
      1,
    );
    operations.remove(rawId);
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { clock, operations, events, phones, leave, settle };
}

function play(context: string, targets: 'all' | readonly string[] = 'all') {
  return {
    sources: [SOURCE],
    targets,
    loop: false,
    interruptsHold: false,
    tellsStart: true,
    replyTo: { operationContext: context },
  };
}

function recognize(context: string, target = ANN): RecognizeRequest {
  return {
    rules: {
      inputs: { type: 'dtmf', dtmf: { maxTones: 1, interToneTimeoutMs: 2_000, stopTones: [] } },
      hasPrompt: false,
      interruptPrompt: true,
      initialSilenceMs: 5_000,
    },
    target,
    prompts: [],
    tellsStart: true,
    replyTo: { operationContext: context },
  };
}

function refusalOf(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    if (error instanceof RefusedError) return [error.refusal.status, error.refusal.code];
    throw error;
  }
  return 'done';
}

describe('the operations of a call with several people', () => {
  it('let only those hear a prompt whom it is for', async () => {
    const { clock, operations, events, phones, settle } = fixture();
    operations.play(play('p', [BOB]), false);
    await settle();
    clock.advance(1_000);
    expect(events).toEqual([
      `${BOB} shown on hold`,
      'p PlayStarted 0',
      'p PlayCompleted 0',
      `${BOB} no longer shown on hold`,
    ]);
    const loudest = phones.map(({ heard }) => Math.max(...heard.flatMap(({ samples }) => [...samples])));
    expect(loudest).toEqual([0, 7]);
  });

  it('recognize on the leg of one participant, where nothing else of that leg may be', async () => {
    const { operations, events, settle } = fixture();
    operations.recognize(recognize('r'), true);
    await settle();
    expect(refusalOf(() => operations.play(play('p', [BOB]), false))).toEqual([412, '8583']);
    expect(refusalOf(() => operations.recognize(recognize('s', BOB), false))).toEqual([412, '8583']);
    expect(refusalOf(() => operations.startContinuousDtmf(BOB, {}))).toEqual([412, '8583']);
    expect(refusalOf(() => operations.play(play('all'), false))).toBe('done');
    expect(operations.keyPressed(BOB, '1'), 'nobody listens to Bob').toBe(false);
    expect(operations.keyPressed(ANN, '1')).toBe(true);
    expect(events).toContain('r RecognizeCompleted 8531');
  });

  it('recognize on the main leg, in turn, where there are but two', () => {
    const { operations, events, clock } = fixture(load, [ANN]);
    operations.recognize(recognize('first'), true);
    operations.recognize(recognize('second'), false);
    clock.advance(5_000);
    expect(events).toEqual(['first RecognizeFailed 8510']);
    clock.advance(4_999);
    expect(events, 'the second waits for as long, from its own start').toHaveLength(1);
    clock.advance(1);
    expect(events[1]).toBe('second RecognizeFailed 8510');
    expect(clock.pending(), 'no timer is left').toEqual([]);
  });

  it('stop listening to who has left, and finish what nobody is left to hear', async () => {
    const { operations, events, leave, settle, clock } = fixture();
    operations.startContinuousDtmf(BOB, { operationContext: 'c' });
    operations.play(play('p', [BOB]), false);
    await settle();
    clock.advance(100);
    leave(BOB);
    expect(events.filter((event) => !event.startsWith(BOB)).toSorted()).toEqual([
      'c ContinuousDtmfRecognitionStopped 7000',
      'p PlayCompleted 0',
      'p PlayStarted 0',
    ]);
    expect(refusalOf(() => operations.play(play('q', [BOB]), false))).toEqual([404, '8522']);
    expect(operations.keyPressed(BOB, '1')).toBe(false);
  });
});

describe('the queue of a call', () => {
  it('is bounded', () => {
    const { operations } = fixture();
    for (let i = 0; i <= MAX_WAITING; i++) operations.play(play(`p${i}`), false);
    expect(refusalOf(() => operations.play(play('last'), false))).toEqual([429, '8516']);
  });

  it('forgets a prompt that is still being loaded when it is cancelled', async () => {
    const loading = Promise.withResolvers<Awaited<ReturnType<LoadPrompt>>>();
    let aborted = false;
    const slow: LoadPrompt = (_, signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return loading.promise;
    };
    const { operations, events, settle, clock } = fixture(slow);
    operations.play(play('p'), false);
    operations.cancelAll();
    expect(aborted).toBe(true);
    loading.resolve({ type: 'loaded', samples: new Int16Array(100), sampleRateHz: RATE });
    await settle();
    clock.advance(1_000);
    expect(events).toEqual(['p PlayCanceled 8508']);
  });
});

describe('the end of a call', () => {
  it('stops everything, tells what ends with it once, and leaves no timer', async () => {
    const { operations, events, clock, settle } = fixture();
    operations.startContinuousDtmf(ANN, { operationContext: 'c' });
    operations.recognize(recognize('r'), false);
    operations.play(play('p'), false);
    operations.recordings.start({ pauseOnStart: false, stateCallbackUri: 'http://127.0.0.1/r' });
    operations.hold(BOB, { source: SOURCE, tells: true }, {});
    await settle();
    clock.advance(50);
    events.length = 0;
    operations.end();
    operations.end();
    operations.close();
    expect(events).toEqual(['c ContinuousDtmfRecognitionStopped 7000', '- RecordingStateChanged 0']);
    expect(operations.keyPressed(ANN, '1')).toBe(false);
    clock.advance(60_000);
    expect(events).toHaveLength(2);
    expect(clock.pending()).toEqual([]);
  });
});
