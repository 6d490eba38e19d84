import {
  type CallbackEvent,
  mediaStreamingEvent,
  override,
  type ReplyTo,
  type ResultInformation,
} from '../events/callback-event.ts';
import { type Refusal, refusals } from '../http/refusal.ts';
import type { MediaFailure } from '../media/port.ts';
import { CALL_ENDED, COMPLETED, STREAM_FAILED, STREAM_INTERRUPTED } from './results.ts';

export type CallConnectionState = 'connecting' | 'connected' | 'disconnecting' | 'disconnected';
type MediaState = 'unconfigured' | 'inactive' | 'starting' | 'active';

interface Notice {
  readonly event: CallbackEvent;
  readonly operationCallbackUri?: string | undefined;
}

export interface ConnectionState {
  readonly call: CallConnectionState;
  readonly media: MediaState;
  readonly answer: ReplyTo;
  /** The operation that started the present stream. */
  readonly streaming: ReplyTo;
  readonly reconnecting: boolean;
  readonly reconnectsLeft: number;
  /** Events of the stream from before the call was connected; they follow CallConnected. */
  readonly held: readonly Notice[];
  readonly stoppedEventOnHangUp: boolean;
  /** What CallDisconnected says. */
  readonly endResult: ResultInformation;
}

export type ConnectionInput =
  | { readonly type: 'begin'; readonly startMedia: boolean }
  | { readonly type: 'established' }
  | { readonly type: 'mediaStarted' }
  | { readonly type: 'mediaFailed'; readonly failure: MediaFailure }
  | { readonly type: 'mediaClosedByPeer' }
  | { readonly type: 'startMedia'; readonly operation: ReplyTo }
  | { readonly type: 'stopMedia'; readonly operation: ReplyTo }
  /** `result`: why the call ends, where it is not an ordinary hang-up. */
  | { readonly type: 'hangUp'; readonly result?: ResultInformation | undefined }
  | { readonly type: 'released' };

export type ConnectionEffect =
  | { readonly type: 'openMedia' }
  | { readonly type: 'closeMedia' }
  /** Post an event. `settled`: a moment later, so that it comes after CallConnected as it does in the service. */
  | ({ readonly type: 'post'; readonly settled: boolean } & Notice)
  /** Post who is on the call. */
  | { readonly type: 'tellParticipants' }
  /** Apply `released` once the network has ended the call. */
  | { readonly type: 'release' };

interface ConnectionStep {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
  readonly refusal?: Refusal;
}

export interface ConnectionOptions {
  readonly mediaConfigured: boolean;
  readonly answer: ReplyTo;
  /** Times that a socket which the application closed is dialled again. */
  readonly reconnects: number;
  readonly stoppedEventOnHangUp: boolean;
}

export function newConnection(options: ConnectionOptions): ConnectionState {
  return {
    call: 'connecting',
    media: options.mediaConfigured ? 'inactive' : 'unconfigured',
    answer: options.answer,
    streaming: options.answer,
    reconnecting: false,
    reconnectsLeft: options.reconnects,
    held: [],
    stoppedEventOnHangUp: options.stoppedEventOnHangUp,
    endResult: CALL_ENDED,
  };
}

/**
 * One answered call.
 *
 * ```
 * call:   connecting ──established──▶ connected ──hangUp──▶ disconnecting ──released──▶ disconnected
 *              └────────────────────────hangUp─────────────────▲
 * media:  unconfigured            (answered without media streaming options; stays so)
 *         inactive ──begin, startMedia──▶ starting ──mediaStarted──▶ active
 *             ▲◀──────────mediaFailed─────────┘                       │
 *             ├◀──────────stopMedia, hangUp, mediaClosedByPeer────────┤
 *             │                                starting ◀──mediaClosedByPeer while reconnects are left
 * ```
 * The stream may start before the call is connected; its events follow CallConnected. After `hangUp` only `released`
 * counts.
 */
export function stepConnection(state: ConnectionState, input: ConnectionInput): ConnectionStep {
  switch (input.type) {
    case 'begin':
      if (!input.startMedia || state.media !== 'inactive' || ended(state)) return same(state);
      return { state: { ...state, media: 'starting' }, effects: [{ type: 'openMedia' }] };
    case 'established':
      return establish(state);
    case 'mediaStarted':
      return mediaStarted(state);
    case 'mediaFailed':
      if (state.media !== 'starting') return same(state);
      return tellMedia(
        { ...state, media: 'inactive', reconnecting: false },
        'MediaStreamingFailed',
        'streamConnectionUnsuccessful',
        STREAM_FAILED[input.failure],
      );
    case 'mediaClosedByPeer':
      return mediaClosedByPeer(state);
    case 'startMedia':
      return startMedia(state, input.operation);
    case 'stopMedia':
      return stopMedia(state, input.operation);
    case 'hangUp':
      return hangUp(state, input.result);
    case 'released':
      if (state.call !== 'disconnecting') return same(state);
      return {
        state: { ...state, call: 'disconnected' },
        effects: [
          post({
            event: {
              type: 'CallDisconnected',
              result: state.endResult,
              operationContext: state.answer.operationContext,
            },
          }),
        ],
      };
  }
}

function establish(state: ConnectionState): ConnectionStep {
  if (state.call !== 'connecting') return same(state);
  const { operationContext } = state.answer;
  return {
    state: { ...state, call: 'connected', held: [] },
    effects: [
      post({ event: { type: 'CallConnected', result: COMPLETED, operationContext } }),
      { type: 'tellParticipants' },
      ...state.held.map((notice) => ({ ...post(notice), settled: true })),
    ],
  };
}

function mediaStarted(state: ConnectionState): ConnectionStep {
  if (state.media !== 'starting') return same(state);
  const details = state.reconnecting ? 'streamConnectionReestablished' : 'subscriptionStarted';
  const active: ConnectionState = { ...state, media: 'active', reconnecting: false };
  return tellMedia(active, 'MediaStreamingStarted', details, COMPLETED);
}

function mediaClosedByPeer(state: ConnectionState): ConnectionStep {
  if (state.media !== 'active') return same(state);
  if (state.reconnectsLeft > 0)
    return {
      state: { ...state, media: 'starting', reconnecting: true, reconnectsLeft: state.reconnectsLeft - 1 },
      effects: [{ type: 'openMedia' }],
    };
  const inactive: ConnectionState = { ...state, media: 'inactive' };
  return tellMedia(inactive, 'MediaStreamingFailed', 'streamConnectionInterrupted', STREAM_INTERRUPTED);
}

function startMedia(state: ConnectionState, operation: ReplyTo): ConnectionStep {
  const refusal = mediaRefusal(state);
  if (refusal !== undefined) return { ...same(state), refusal };
  if (state.media !== 'inactive') return { ...same(state), refusal: refusals.mediaAlreadyActive() };
  return {
    state: { ...state, media: 'starting', streaming: operation },
    effects: [{ type: 'openMedia' }],
  };
}

function stopMedia(state: ConnectionState, operation: ReplyTo): ConnectionStep {
  const refusal = mediaRefusal(state);
  if (refusal !== undefined) return { ...same(state), refusal };
  if (state.media === 'inactive') return { ...same(state), refusal: refusals.mediaNotActive() };
  return {
    state: { ...state, media: 'inactive', reconnecting: false },
    effects: [{ type: 'closeMedia' }, post(stopped(override(state.streaming, operation)))],
  };
}

function hangUp(state: ConnectionState, result: ResultInformation = CALL_ENDED): ConnectionStep {
  if (ended(state)) return { ...same(state), refusal: refusals.callNotFound() };
  const streaming = state.media === 'active' || state.media === 'starting';
  const tellStopped = state.stoppedEventOnHangUp && state.call === 'connected' && state.media === 'active';
  return {
    state: {
      ...state,
      call: 'disconnecting',
      media: streaming ? 'inactive' : state.media,
      held: [],
      endResult: result,
    },
    effects: [
      ...(streaming ? [{ type: 'closeMedia' } as const] : []),
      ...(tellStopped ? [post(stopped(state.streaming))] : []),
      { type: 'release' },
    ],
  };
}

/**
 * Sends an event at once while the call is connected, holds it while the call is connecting, and drops it afterwards.
 */
function tell(state: ConnectionState, notice: Notice): ConnectionStep {
  switch (state.call) {
    case 'connecting':
      return { state: { ...state, held: [...state.held, notice] }, effects: [] };
    case 'connected':
      return { state, effects: [post(notice)] };
    case 'disconnecting':
    case 'disconnected':
      return same(state);
  }
}

function tellMedia(state: ConnectionState, ...event: Parameters<typeof mediaStreamingEvent>): ConnectionStep {
  return tell(state, mediaNotice(state.streaming, ...event));
}

function mediaRefusal(state: ConnectionState): Refusal | undefined {
  if (ended(state)) return refusals.callNotFound();
  if (state.call === 'connecting') return refusals.notEstablished();
  return state.media === 'unconfigured' ? refusals.mediaNotConfigured() : undefined;
}

function ended(state: ConnectionState): boolean {
  return state.call === 'disconnecting' || state.call === 'disconnected';
}

function mediaNotice(
  { operationContext, operationCallbackUri }: ReplyTo,
  ...event: Parameters<typeof mediaStreamingEvent>
): Notice {
  return { event: { ...mediaStreamingEvent(...event), operationContext }, operationCallbackUri };
}

function stopped(operation: ReplyTo): Notice {
  return mediaNotice(operation, 'MediaStreamingStopped', 'subscriptionStopped', COMPLETED);
}

function post(notice: Notice): ConnectionEffect & { readonly type: 'post' } {
  return { type: 'post', settled: false, ...notice };
}

function same(state: ConnectionState): ConnectionStep {
  return { state, effects: [] };
}
