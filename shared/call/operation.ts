/**
 * Operations on a connected call, other than streaming and hanging up. Plain data: only the ACS client knows how to
 * carry them out, and only the `type` is stored, since members hold numbers, tones and texts of people.
 */
import type { RawId } from './party.ts';

/** What is played: a file that ACS fetches, or a text that it speaks. */
export type PlaySource =
  | { readonly kind: 'file'; readonly url: string }
  | { readonly kind: 'text'; readonly text: string; readonly locale?: string; readonly voice?: string }
  | { readonly kind: 'ssml'; readonly ssml: string };

/** Tones as ACS names them. */
export const TONES = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'a',
  'b',
  'c',
  'd',
  'pound',
  'asterisk',
] as const;

export type Tone = (typeof TONES)[number];

export type RecognizeInput =
  | {
      readonly kind: 'dtmf';
      readonly maxTones: number;
      readonly stopTones?: readonly Tone[];
      readonly interToneTimeoutMs?: number;
    }
  | { readonly kind: 'speech'; readonly locale?: string; readonly endSilenceMs?: number };

export type CallOperation =
  /** Transfers a participant, or the only other one, to another destination. */
  | { readonly type: 'transfer'; readonly target: RawId; readonly transferee?: RawId }
  | {
      readonly type: 'addParticipant';
      readonly target: RawId;
      /** The number that the called telephone shows. */
      readonly callerId?: string;
      readonly displayName?: string;
      readonly ringMs?: number;
    }
  | { readonly type: 'cancelAddParticipant'; readonly invitationId: string }
  | { readonly type: 'removeParticipant'; readonly participant: RawId }
  | { readonly type: 'muteParticipant'; readonly participant: RawId }
  | { readonly type: 'hold'; readonly participant: RawId; readonly music?: PlaySource }
  | { readonly type: 'unhold'; readonly participant: RawId }
  | { readonly type: 'sendDtmf'; readonly participant: RawId; readonly tones: readonly Tone[] }
  /** Plays to one participant, or to everybody. */
  | {
      readonly type: 'play';
      readonly source: PlaySource;
      readonly to?: RawId;
      readonly loop?: boolean;
      /** Ends what is playing instead of waiting for its end. */
      readonly interrupt?: boolean;
    }
  /** Ends what is being played and recognized. */
  | { readonly type: 'cancelMedia' }
  | {
      readonly type: 'recognize';
      readonly participant: RawId;
      readonly input: RecognizeInput;
      readonly prompt?: PlaySource;
      readonly initialSilenceMs?: number;
    }
  | { readonly type: 'startTranscription'; readonly locale: string }
  | { readonly type: 'stopTranscription' }
  | {
      readonly type: 'startRecording';
      readonly content: 'audio' | 'audioVideo';
      readonly channels: 'mixed' | 'unmixed';
      readonly format: 'wav' | 'mp3' | 'mp4';
      readonly pauseOnStart?: boolean;
    }
  | { readonly type: 'pauseRecording' }
  | { readonly type: 'resumeRecording' }
  | { readonly type: 'stopRecording' };

export type CallOperationType = CallOperation['type'];

/** What ACS answers when it accepts an operation. */
export interface OperationAnswer {
  readonly invitationId?: string;
  readonly recordingId?: string;
}

/** A participant, as ACS lists it. */
export interface Participant {
  readonly rawId: RawId;
  readonly muted: boolean;
  readonly onHold: boolean;
}

/** A call that the application places. */
export interface PlaceCallRequest {
  readonly to: RawId;
  /** The number that the called person sees. Required to call a telephone. */
  readonly callerId?: string;
  readonly displayName?: string;
}
