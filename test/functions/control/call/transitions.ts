import { step } from '../../../../functions/control/call/call.ts';
import {
  CALLBACK_KINDS,
  type CallbackKind,
  type CallEvent,
} from '../../../../functions/control/call/event.ts';
import type { Call } from '../../../../functions/control/call/model.ts';
import {
  addOperation,
  endOperations,
  giveUpOperations,
  type Ledger,
  OPERATION_LIMIT_MS,
  OPERATION_RESULTS,
  type OperationResultType,
} from '../../../../functions/control/call/operations.ts';
import { type Recording, stepRecording } from '../../../../functions/control/call/recording.ts';
import {
  CONFIRM_LIMIT_MS,
  NO_STREAMING,
  RETRY_PAUSES_MS,
  type Streaming,
  type StreamingEvent,
  stepStreaming,
} from '../../../../functions/control/call/streaming.ts';
import { observeStreaming } from '../../../../functions/control/call/streaming-observed.ts';
import { SETUP_LIMIT_MS } from '../../../../functions/control/call/time.ts';
import { stepTranscription, type Transcription } from '../../../../functions/control/call/transcription.ts';
import { CALL_PHASES } from '../../../../shared/call/states.ts';
import { aCall, CONNECTION_ID, T0 } from '../../../support/calls.ts';

type TranscriptionEvent = Parameters<typeof stepTranscription>[1];

type RecordingEvent = Parameters<typeof stepRecording>[1];

/** Transitions as `from --> to: cause, cause`, found by giving every event to every state. */
class Transitions {
  readonly #causes = new Map<string, Set<string>>();

  add(from: string, to: string, cause: string): void {
    if (from === to) return;
    const edge = `${from} --> ${to}`;
    const causes = this.#causes.get(edge) ?? new Set();
    this.#causes.set(edge, causes.add(cause));
  }

  get lines(): string[] {
    return [...this.#causes].map(([edge, causes]) => `${edge}: ${[...causes].sort().join(', ')}`).sort();
  }
}

const callbackKinds: readonly CallbackKind[] = [
  ...CALLBACK_KINDS,
  ...(Object.keys(OPERATION_RESULTS) as OperationResultType[]),
];

const callEvents: readonly CallEvent[] = [
  { type: 'IncomingCall', claim: 'one' },
  { type: 'AnswerSucceeded', claim: 'one', callConnectionId: CONNECTION_ID },
  { type: 'RejectSucceeded', claim: 'one' },
  { type: 'RedirectSucceeded', claim: 'one' },
  { type: 'AnswerFailed', claim: 'one', final: false, reason: 'why' },
  { type: 'AnswerFailed', claim: 'one', final: true, reason: 'why' },
  { type: 'PlaceSucceeded', callConnectionId: CONNECTION_ID },
  { type: 'PlaceFailed', reason: 'why' },
  { type: 'OperationRequested', id: 'op-2', operation: { type: 'cancelMedia' } },
  { type: 'OperationAnswered', id: 'op-1', answer: {} },
  { type: 'OperationRefused', id: 'op-1', reason: 'why', unknown: true, assumed: false },
  { type: 'StartRequested', id: 'r' },
  { type: 'StopRequested', id: 'r' },
  { type: 'RestartRequested', id: 'r' },
  { type: 'HangUpRequested', id: 'r' },
  { type: 'StartFailed', id: 'r', reason: 'why' },
  { type: 'StopFailed', id: 'r', reason: 'why' },
  { type: 'HangUpFailed', id: 'r', reason: 'why', isAwaited: true },
  { type: 'CallGone' },
  { type: 'StreamLost', id: 'r', reason: 'why' },
  { type: 'RetryDue', retry: 1 },
  { type: 'Observed', properties: { state: 'connected', streaming: 'active' }, askedAtMs: T0 },
  { type: 'Observed', properties: { state: 'disconnected' }, askedAtMs: T0 },
  { type: 'Tick' },
  ...callbackKinds.map(
    (kind): CallEvent => ({
      type: 'Callback',
      callback: { id: `e-${kind}`, kind, type: kind, callConnectionId: CONNECTION_ID, details: {} },
    }),
  ),
];

function nameOf(event: CallEvent): string {
  switch (event.type) {
    case 'Callback':
      return event.callback.kind === 'AnswerFailed' ? 'AnswerFailed (callback)' : event.callback.kind;
    case 'AnswerFailed':
      return event.final ? 'AnswerFailed (final)' : 'AnswerFailed (may pass)';
    case 'Observed':
      return `ACS says ${event.properties.state}`;
    case 'Tick':
      return 'set up for too long';
    default:
      return event.type;
  }
}

/** A call in every phase, in the variants on which what follows depends. */
function callsOf(phase: Call['phase']): Call[] {
  const outbound = { direction: 'outbound' as const };
  const claimed = { claim: 'one', attempts: 1 };
  const operations: Ledger = [{ id: 'op-1', type: 'play', state: 'pending', requestedAtMs: T0 }];
  const known = { callConnectionId: CONNECTION_ID };
  switch (phase) {
    case 'ringing':
      return [aCall(), aCall(known)];
    case 'answering':
      return [aCall({ phase, ...claimed }), aCall({ phase, ...claimed, ...known })];
    case 'placing':
      return [aCall({ ...outbound, phase }), aCall({ ...outbound, ...known, phase })];
    case 'connected':
      return [aCall({ phase, ...known, operations }), aCall({ ...outbound, phase, ...known })];
    case 'ending':
      return [aCall({ ...outbound, phase }), aCall({ ...outbound, ...known, phase })];
    case 'ended':
      return [
        aCall({ phase }),
        aCall({ ...outbound, phase }),
        aCall({ ...outbound, ...known, phase }),
        aCall({ ...known, phase, endUnconfirmed: true }),
      ];
  }
}

export function callTransitions(): string[] {
  const found = new Transitions();
  for (const phase of CALL_PHASES) {
    for (const call of callsOf(phase)) {
      for (const event of callEvents) {
        const nowMs = event.type === 'Tick' ? T0 + SETUP_LIMIT_MS : T0 + 1;
        const { phase: next } = step(call, event, nowMs).call;
        const turnsUp = phase === 'ended' && next === 'ending';
        found.add(phase, next, turnsUp ? 'a connection turns up' : nameOf(event));
      }
    }
  }
  return found.lines;
}

const streamingStates = ['inactive', 'starting', 'active', 'stopping', 'failed'] as const;

const streamingEvents: readonly (readonly [string, StreamingEvent])[] = [
  ['start', { type: 'start', id: 'r2' }],
  ['stop', { type: 'stop', id: 'r2' }],
  ['restart', { type: 'restart', id: 'r2' }],
  ['start refused', { type: 'startFailed', id: 'r', reason: 'why' }],
  ['stop refused', { type: 'stopFailed', id: 'r', reason: 'why', assumed: false }],
  ['MediaStreamingStarted', { type: 'started', atMs: T0 }],
  ['MediaStreamingStopped', { type: 'stopped', atMs: T0 }],
  ['MediaStreamingFailed', { type: 'failed', atMs: T0, reason: 'why', retry: true }],
  ['retry due', { type: 'retryDue', retry: 1 }],
  ['the relay gives up', { type: 'abandon', id: 'r2', reason: 'why' }],
];

/** A streaming in a state, in the variants on which what follows depends. */
function streamingsOf(state: Streaming['state']): Streaming[] {
  const plain: Streaming = { ...NO_STREAMING, state, sinceMs: T0, requestId: 'r' };
  switch (state) {
    case 'inactive':
    case 'starting':
    case 'active':
      return [plain];
    case 'stopping':
      return [
        { ...plain, from: 'active' },
        { ...plain, from: 'starting' },
        { ...plain, from: 'active', restart: true },
      ];
    case 'failed':
      return [
        plain,
        { ...plain, retryAtMs: T0, reason: 'why' },
        { ...plain, reason: 'why', abandoned: true },
      ];
  }
}

export function streamingTransitions(): string[] {
  const found = new Transitions();
  const nowMs = T0 + (RETRY_PAUSES_MS[0] ?? 0);
  for (const state of streamingStates) {
    for (const streaming of streamingsOf(state)) {
      const tell = (next: Streaming, cause: string): void => {
        const isStartAgain = streaming.restart && next.state === 'starting';
        const isGoingBack = streaming.from === 'starting' && next.state === 'starting';
        found.add(
          state,
          next.state,
          `${cause}${isStartAgain ? ' (of a restart)' : isGoingBack ? ' (of a start)' : ''}`,
        );
      };
      for (const [name, event] of streamingEvents)
        tell(stepStreaming(streaming, event, nowMs).streaming, name);
      for (const active of [true, false]) {
        const askedAtMs = T0 + CONFIRM_LIMIT_MS;
        const seen = observeStreaming(
          streaming,
          { active, askedAtMs, hasEnded: false, retry: true },
          askedAtMs,
        );
        tell(seen.streaming, `ACS says ${active ? 'active' : 'inactive'}`);
      }
    }
    const ended = step(
      aCall({ phase: 'connected', callConnectionId: CONNECTION_ID, streaming: { ...NO_STREAMING, state } }),
      { type: 'CallGone' },
      T0,
    );
    found.add(state, ended.call.streaming.state, 'the call ends');
  }
  return found.lines;
}

const RECORDING_ID = 'recording';

const recordingEvents: readonly (readonly [string, RecordingEvent])[] = [
  ...(['startRecording', 'pauseRecording', 'resumeRecording', 'stopRecording'] as const).flatMap(
    (request): [string, RecordingEvent][] => [
      [request, { type: 'asked', request }],
      [
        `${request} answered`,
        {
          type: 'answered',
          request,
          ...(request === 'startRecording' ? { recordingId: RECORDING_ID } : {}),
        },
      ],
      [`${request} refused`, { type: 'refused', request, unknown: false }],
      ['ACS does not know it', { type: 'refused', request, unknown: true }],
    ],
  ),
  ['reported active', { type: 'reported', recordingId: RECORDING_ID, active: true, atMs: T0 }],
  ['reported inactive', { type: 'reported', recordingId: RECORDING_ID, active: false, atMs: T0 }],
  ['the call ends', { type: 'callEnded' }],
];

function recordingsOf(state: Recording['state']): Recording[] {
  const blank: Recording = { state, sinceMs: T0, newestEventMs: 0 };
  const known: Recording = { ...blank, recordingId: RECORDING_ID };
  switch (state) {
    case 'inactive':
      return [blank];
    case 'starting':
      return [
        { ...blank, asked: 'startRecording' },
        { ...blank, asked: 'startRecording', pauseOnStart: true },
      ];
    case 'recording':
      return [known, { ...known, asked: 'pauseRecording' }];
    case 'paused':
      return [known, { ...known, asked: 'stopRecording' }];
  }
}

export function recordingTransitions(): string[] {
  const found = new Transitions();
  for (const state of ['inactive', 'starting', 'recording', 'paused'] as const)
    for (const recording of recordingsOf(state))
      for (const [name, event] of recordingEvents) {
        const next = stepRecording(recording, event, T0 + 1).recording.state;
        found.add(state, next, `${name}${noteOf(recording, name)}`);
      }
  return found.lines;
}

/** On what else the transition depends. */
function noteOf({ state, asked, pauseOnStart }: Recording, name: string): string {
  if (state === 'starting') return pauseOnStart && name.endsWith('answered') ? ' (starting paused)' : '';
  return asked !== undefined && name === 'reported inactive' ? ` (${asked} asked)` : '';
}

const transcriptionEvents: readonly (readonly [string, TranscriptionEvent])[] = [
  ['start', { type: 'start', id: 'r2' }],
  ['stop', { type: 'stop', id: 'r2' }],
  ['refused', { type: 'refused', id: 'r' }],
  ['TranscriptionStarted', { type: 'started', atMs: T0 }],
  ['TranscriptionStopped', { type: 'stopped', atMs: T0 }],
  ['TranscriptionFailed', { type: 'failed', atMs: T0 }],
  ['the call ends', { type: 'callEnded' }],
];

export function transcriptionTransitions(): string[] {
  const found = new Transitions();
  for (const state of streamingStates) {
    const transcription: Transcription = { state, sinceMs: T0, newestEventMs: 0, requestId: 'r' };
    for (const [name, event] of transcriptionEvents)
      found.add(state, stepTranscription(transcription, event, T0 + 1).transcription.state, name);
  }
  return found.lines;
}

/** Operations, by what is told of them; the type of each is one that the event is about. */
export function operationTransitions(): string[] {
  const found = new Transitions();
  const callWith = (operations: Ledger, phase: 'connected' | 'ended'): Call =>
    aCall({ phase, callConnectionId: CONNECTION_ID, operations });
  const stateOf = ({ operations }: Call): string => {
    const { state, assumed = false } = operations[0] ?? { state: 'none' };
    return assumed ? 'failed_assumed' : state;
  };
  const types = ['play', 'hold', 'mute'] as const;
  for (const which of types) {
    const type = which === 'mute' ? 'muteParticipant' : which;
    const pending = addOperation([], { id: 'op-1', type }, T0) ?? [];
    const ended = endOperations(pending, T0);
    const done = pending.map((record) => ({ ...record, state: 'succeeded' as const }));
    const failed = pending.map((record) => ({ ...record, state: 'failed' as const, reason: 'why' }));
    for (const [ledger, phase] of [
      [pending, 'connected'],
      [ended, 'connected'],
      [ended, 'ended'],
      [done, 'connected'],
      [failed, 'connected'],
    ] as const) {
      const call = callWith(ledger, phase);
      const note = (event: CallEvent, name: string): void =>
        found.add(stateOf(call), stateOf(step(call, event, T0 + 1).call), name);
      const tell = (kind: OperationResultType, name: string): void =>
        note(
          {
            type: 'Callback',
            callback: {
              id: 'e',
              kind,
              type: kind,
              callConnectionId: CONNECTION_ID,
              operationId: 'op-1',
              details: {},
            },
          },
          name,
        );
      if (type === 'play') {
        tell('PlayCompleted', 'reported as succeeded');
        tell('PlayFailed', 'reported as failed');
      }
      if (type === 'hold') tell('HoldFailed', 'reported as failed');
      const answered: CallEvent = { type: 'OperationAnswered', id: 'op-1', answer: {} };
      if (type === 'muteParticipant') note(answered, 'accepted, and nothing follows');
      for (const assumed of [true, false])
        note(
          { type: 'OperationRefused', id: 'op-1', reason: 'why', unknown: false, assumed },
          assumed ? 'no answer' : 'refused',
        );
      if (type !== 'play') {
        const late = giveUpOperations(ledger, T0 + OPERATION_LIMIT_MS);
        found.add(stateOf(call), stateOf(callWith(late, phase)), 'nothing heard');
      }
      note({ type: 'CallGone' }, 'the call ends');
    }
  }
  return found.lines;
}
