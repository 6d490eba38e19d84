/**
 * The port between the audio of a call and the lane of one worker: what waits to be sent, cut as the worker listens.
 */
import type { Voice } from './voice-activity.ts';

/** 20 ms of one participant, with what voice activity detection found in it. */
export interface AudioFrame {
  /** The participant's number; 0 is the mix of everybody. */
  readonly ssrc: number;
  /** PCM16 in the call's format. The memory is reused after the frame has been handed on: copy it to keep it. */
  readonly pcm: Uint8Array;
  /** Index of the first sample since the stream's start. */
  readonly timestamp: number;
  readonly voice: Voice;
}

/** Audio that travels as one event. */
export interface AudioPiece {
  readonly ssrc: number;
  /** RTP payload type. Defaults to that of the call's format. */
  readonly payloadType?: number;
  /** PCM16 mono, unless the payload type says otherwise; a copy that belongs to the receiver. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes before these in the same buffer that belong to the receiver too, for a header. Defaults to 0. */
  readonly headroomBytes?: number;
  /** Index of the first sample since the stream's start, in samples of the payload type. */
  readonly timestamp: number;
  /** The first piece of the stream or of an utterance, or the first after audio that was not delivered. */
  readonly marker: boolean;
  readonly ms: number;
}

export interface WorkerAudio {
  /** Audio that waits, in bytes. */
  readonly queuedBytes: number;
  /** Audio that was not and will not be sent, in milliseconds. */
  readonly droppedMs: number;
  push(frame: AudioFrame): void;
  /** The stream has come to `position`, in samples, whether or not frames say so. */
  advance(position: number): void;
  /** The next piece; undefined while there is none to send. */
  take(): AudioPiece | undefined;
  /** The next piece after the stream's end, however short it is. */
  takeRest(): AudioPiece | undefined;
  /** The last piece of this participant did not arrive. */
  lost(ssrc: number): void;
  /** Nobody takes pieces any more: what waits and what still comes counts as dropped. Idempotent. */
  discard(): void;
}
