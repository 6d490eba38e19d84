/** What a call knows of its media stream and its transcription stream. */
import type { Phone } from '../../../phone/phone.ts';
import type { SpokenWords } from '../../../phone/script-phone.ts';
import type { StreamFaults } from '../faults/media-faults.ts';

export interface MediaStreamOptions {
  /** The application's `transportUrl`, dialled as it is. */
  readonly url: string;
  readonly audioFormat: 'pcm16KMono' | 'pcm24KMono';
  readonly audioChannelType: 'mixed' | 'unmixed';
  readonly enableBidirectional: boolean;
  readonly enableDtmfTones: boolean;
  /** `Authorization`, `x-ms-call-connection-id` and `x-ms-call-correlation-id` of the handshake. */
  readonly headers: Readonly<Record<string, string>>;
  /** `subscriptionId` of the AudioMetadata frame. */
  readonly subscriptionId: string;
  /** The phones on the call. Read at every frame, so that people can join and leave the array. */
  readonly phones: readonly Phone[];
  /** What goes wrong on purpose. Defaults to nothing. */
  readonly faults?: StreamFaults;
}

/** Why no stream came about: the URL cannot be dialled (8581), or nobody accepted the WebSocket (8603). */
export type MediaFailure = 'invalidUrl' | 'notAccepted';

export interface MediaStreamListener {
  /** The WebSocket is open and AudioMetadata has been sent. */
  started(): void;
  failed(failure: MediaFailure, detail: string): void;
  /**
   * The application (or the network) closed the socket while streaming.
   * `code` is that of the close frame, 1005 where it had none, 1006 where no close frame came,
   * and 1011 where the emulator itself broke and closed the socket.
   */
  closedByPeer(code: number): void;
}

/** Counts of one stream; they go on counting up to the moment of reading. */
export interface MediaStreamReport {
  /** AudioData frames written to the socket. */
  readonly framesSent: number;
  /** AudioData frames thrown away because the application did not read what had been sent before. */
  readonly framesDropped: number;
  readonly audioMessagesReceived: number;
  readonly samplesReceived: number;
  readonly samplesPlayed: number;
  readonly samplesFlushedByStop: number;
  /** Samples received while the playout queue was full; nobody heard them. */
  readonly samplesOverflowed: number;
  /** Samples received after the stream had ended and before the application closed its side; nobody heard them. */
  readonly samplesTooLate: number;
  readonly stopAudioCount: number;
  /** Messages that were not understood, by reason. */
  readonly ignored: Readonly<Record<string, number>>;
  /** How late the emulator itself was against its 20 ms deadlines, in milliseconds. */
  readonly ownLatenessMs: { readonly p99: number; readonly max: number };
  readonly playoutQueueMs: number;
  /** Times that the queue ran empty after it had been playing. */
  readonly underruns: number;
}

export interface MediaStream {
  /**
   * Sends one DTMF frame with the character of the key (0-9, A-D, `*`, `#`) where the options enable it and the
   * stream has started; otherwise nothing. Throws RangeError for anything that is no key.
   */
  sendDtmf(key: string): void;
  /** Ends the stream and closes the socket with 1000; idempotent; nothing is called on the listener afterwards. */
  stop(): void;
  report(): MediaStreamReport;
  /** Resolves when nothing can come any more, so that the report stays as it is. */
  readonly closed: Promise<void>;
}

/** Dials the application and streams until stopped. Implemented by `media-stream.ts`. */
export type OpenMediaStream = (options: MediaStreamOptions, listener: MediaStreamListener) => MediaStream;

export interface TranscriptionStreamOptions {
  /** The application's `transportUrl`, dialled as it is. */
  readonly url: string;
  /** `Authorization`, `x-ms-call-connection-id` and `x-ms-call-correlation-id` of the handshake. */
  readonly headers: Readonly<Record<string, string>>;
  /** Members of the TranscriptionMetadata frame. */
  readonly subscriptionId: string;
  readonly locale: string;
  readonly callConnectionId: string;
  readonly correlationId: string;
  readonly speechRecognitionModelEndpointId?: string | undefined;
  /** Whether what was recognized so far is sent before an utterance is over. */
  readonly enableIntermediateResults: boolean;
  /** Whether such results name their words. */
  readonly intermediateWords: boolean;
}

export interface TranscriptionStream {
  /** Sends what somebody has said. Nothing happens before the stream has started and after it has ended. */
  said(words: SpokenWords): void;
  /** Ends the stream and closes the socket with 1000; idempotent; nothing is called on the listener afterwards. */
  stop(): void;
}

/** Dials the application and streams words until stopped; `started` follows the TranscriptionMetadata frame. */
export type OpenTranscriptionStream = (
  options: TranscriptionStreamOptions,
  listener: MediaStreamListener,
) => TranscriptionStream;
