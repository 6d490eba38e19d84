import { override, type ReplyTo, type ResultInformation } from '../events/callback-event.ts';
import { type Refusal, refusals } from '../http/refusal.ts';
import type { MediaFailure } from '../media/port.ts';
import { mediaResults } from './media-results.ts';

export interface TranscribingState {
  readonly phase: 'unconfigured' | 'inactive' | 'starting' | 'active' | 'ended';
  readonly locale: string;
  /** Of the operation that started it. */
  readonly replyTo: ReplyTo;
}

export type TranscriptionInput =
  | { readonly type: 'start'; readonly locale: string | undefined; readonly replyTo: ReplyTo }
  | { readonly type: 'update'; readonly locale: string; readonly replyTo: ReplyTo }
  | { readonly type: 'stop'; readonly replyTo: ReplyTo }
  | { readonly type: 'opened' }
  | { readonly type: 'failed'; readonly failure: MediaFailure }
  | { readonly type: 'closedByPeer' }
  | { readonly type: 'callEnded' };

export type TranscriptionEventType =
  | 'TranscriptionStarted'
  | 'TranscriptionUpdated'
  | 'TranscriptionStopped'
  | 'TranscriptionFailed';

type TranscriptionDetails =
  | 'subscriptionStarted'
  | 'transcriptionLocaleUpdated'
  | 'subscriptionStopped'
  | 'streamConnectionUnsuccessful'
  | 'streamConnectionInterrupted';

export type TranscriptionEffect =
  | { readonly type: 'open' }
  | { readonly type: 'close' }
  | {
      readonly type: 'tell';
      readonly event: TranscriptionEventType;
      readonly details: TranscriptionDetails;
      readonly result: ResultInformation;
      readonly replyTo: ReplyTo;
    };

interface TranscriptionStep {
  readonly state: TranscribingState;
  readonly effects: readonly TranscriptionEffect[];
  readonly refusal?: Refusal;
}

/**
 * The transcription of one call.
 *
 * ```
 * unconfigured  (no transcription options when the call was answered; stays so)
 * inactive ──start──▶ starting ──opened──▶ active ◀─┐ update
 *    ▲◀──────failed──────┘                   │ └────┘
 *    ├◀──stop (also while starting)──────────┤
 *    └◀──closedByPeer────────────────────────┘
 * any ──callEnded──▶ ended
 * ```
 */
export function stepTranscribing(state: TranscribingState, input: TranscriptionInput): TranscriptionStep {
  const { phase } = state;
  switch (input.type) {
    case 'start':
      if (phase !== 'inactive') return refuse(state, refusalOf(phase));
      return {
        state: {
          phase: 'starting',
          locale: input.locale ?? state.locale,
          replyTo: override(state.replyTo, input.replyTo),
        },
        effects: [{ type: 'open' }],
      };
    case 'update':
      if (phase !== 'active') return refuse(state, refusalOf(phase, 'inactive'));
      return {
        state: { ...state, locale: input.locale },
        effects: [tell('TranscriptionUpdated', 'transcriptionLocaleUpdated', input.replyTo)],
      };
    case 'stop':
      if (phase !== 'active' && phase !== 'starting') return refuse(state, refusalOf(phase, 'inactive'));
      return {
        state: { ...state, phase: 'inactive' },
        effects: [
          { type: 'close' },
          tell('TranscriptionStopped', 'subscriptionStopped', override(state.replyTo, input.replyTo)),
        ],
      };
    case 'opened':
      if (phase !== 'starting') return same(state);
      return {
        state: { ...state, phase: 'active' },
        effects: [tell('TranscriptionStarted', 'subscriptionStarted', state.replyTo)],
      };
    case 'failed':
      if (phase !== 'starting') return same(state);
      return {
        state: { ...state, phase: 'inactive' },
        effects: [
          tell(
            'TranscriptionFailed',
            'streamConnectionUnsuccessful',
            state.replyTo,
            input.failure === 'invalidUrl' ? mediaResults.transcriptionUrlInvalid : undefined,
          ),
        ],
      };
    case 'closedByPeer':
      if (phase !== 'active') return same(state);
      return {
        state: { ...state, phase: 'inactive' },
        effects: [tell('TranscriptionFailed', 'streamConnectionInterrupted', state.replyTo)],
      };
    case 'callEnded':
      if (phase === 'unconfigured') return same(state);
      return { state: { ...state, phase: 'ended' }, effects: phase === 'ended' ? [] : [{ type: 'close' }] };
  }
}

function refusalOf(phase: TranscribingState['phase'], wanted: 'inactive' | 'active' = 'active'): Refusal {
  switch (phase) {
    case 'unconfigured':
      return refusals.transcriptionNotConfigured();
    case 'ended':
      return refusals.callNotFound();
    case 'inactive':
    case 'starting':
    case 'active':
      return wanted === 'inactive'
        ? refusals.transcriptionNotActive()
        : refusals.transcriptionAlreadyActive();
  }
}

const RESULTS: Readonly<Record<TranscriptionEventType, ResultInformation>> = {
  TranscriptionStarted: mediaResults.transcriptionStarted,
  TranscriptionUpdated: mediaResults.transcriptionUpdated,
  TranscriptionStopped: mediaResults.transcriptionStopped,
  TranscriptionFailed: mediaResults.transcriptionFailed,
};

function tell(
  event: TranscriptionEventType,
  details: TranscriptionDetails,
  replyTo: ReplyTo,
  result = RESULTS[event],
): TranscriptionEffect {
  return { type: 'tell', event, details, result, replyTo };
}

function refuse(state: TranscribingState, refusal: Refusal): TranscriptionStep {
  return { state, effects: [], refusal };
}

function same(state: TranscribingState): TranscriptionStep {
  return { state, effects: [] };
}
