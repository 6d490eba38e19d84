/** What the call (`local/acs`) and its media stream (`local/acs/media`) know of each other. */
import type { Phone } from '../../phone/phone.ts';

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
  readonly phones: readonly Phone[];
}

/** Why no stream came about: the URL cannot be dialled (8581), or nobody accepted the WebSocket (8603). */
export type MediaFailure = 'invalidUrl' | 'notAccepted';

export interface MediaStreamListener {
  /** The WebSocket is open and AudioMetadata has been sent. */
  started(): void;
  failed(failure: MediaFailure, detail: string): void;
  /** The application (or the network) closed the socket while streaming. */
  closedByPeer(code: number): void;
}

/** Counts of one stream; they go on counting up to the moment of reading. */
export interface MediaStreamReport {
  readonly framesSent: number;
  readonly audioMessagesReceived: number;
  readonly samplesReceived: number;
  readonly samplesPlayed: number;
  readonly samplesFlushedByStop: number;
  readonly stopAudioCount: number;
  /** Messages that were not understood, by reason. */
  readonly ignored: Readonly<Record<string, number>>;
  /** How late the stand-in itself was against its 20 ms deadlines, in milliseconds. */
  readonly ownLatenessMs: { readonly p99: number; readonly max: number };
  readonly playoutQueueMs: number;
  /** Times that the queue ran empty after it had been playing. */
  readonly underruns: number;
}

export interface MediaStream {
  /** Sends one DTMF frame (the character of the key) where the options enable it. */
  sendDtmf(key: string): void;
  /** Ends the stream and closes the socket with 1000; idempotent; nothing is called on the listener afterwards. */
  stop(): void;
  report(): MediaStreamReport;
}

/** Dials the application and streams until stopped. Implemented by `media-stream.ts`. */
export type OpenMediaStream = (options: MediaStreamOptions, listener: MediaStreamListener) => MediaStream;
