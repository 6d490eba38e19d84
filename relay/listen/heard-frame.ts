import type { Voice } from './voice-activity.ts';

/** 20 ms of one participant, as the session heard it. */
export interface HeardFrame {
  /** The participant's number; 0 is the mix of everybody. */
  readonly ssrc: number;
  /** PCM16 in the format of the call, valid while the frame is handed on: whoever keeps it copies it. */
  readonly pcm: Uint8Array;
  /** Index of the first sample since the stream's start. */
  readonly timestamp: number;
  readonly voice: Voice;
}
