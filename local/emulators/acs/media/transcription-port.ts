/** What a call and its transcription stream know of each other. */
import type { SpokenWords } from '../../../phone/script-phone.ts';
import type { MediaStreamListener } from './port.ts';

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
