/** The port between the audio of a call and the lane of one worker: what waits to be sent, cut as the worker listens. */
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

/** What travels as one event. */
export interface AudioPiece {
  readonly ssrc: number;
  /** RTP payload type; absent, it is that of the call's format. */
  readonly payloadType?: number;
  /** PCM16 mono, unless the payload type is another; a copy that belongs to the taker. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes before these in their buffer that belong to the taker too, so that a header can be put there. Absent: 0. */
  readonly headroomBytes?: number;
  /** Index of the first sample since the stream's start, in samples of the payload type. */
  readonly timestamp: number;
  /** The first of the stream or of what somebody says, or audio before it was not delivered. */
  readonly marker: boolean;
  readonly ms: number;
}

export interface WorkerAudio {
  /** Audio that waits, in bytes. */
  readonly queuedBytes: number;
  /** Audio that was not and will not be sent, in milliseconds. */
  readonly droppedMs: number;
  push(frame: AudioFrame): void;
  /** The stream has come to `position`, in samples, whether or not anybody's frames say so. */
  advance(position: number): void;
  /** The next piece, or undefined while there is none that should be sent. */
  take(): AudioPiece | undefined;
  /** The same after the stream's end, when nothing is worth waiting for. */
  takeRest(): AudioPiece | undefined;
  /** The piece of this participant that was taken last did not arrive. */
  lost(ssrc: number): void;
  /** Nothing will be taken any more: what waits and what still comes counts as dropped. Idempotent. */
  discard(): void;
}
