import { HANDSHAKE_TIMEOUT_MS } from '../media/dial.ts';
import type { PlayFileHosts } from '../media-operations/fetch-play-file.ts';

/**
 * What the emulator decides itself: times that the service does not promise, and questions that its documentation
 * leaves open.
 */
export interface AcsBehaviour {
  /** How long a phone rings before the incoming call is over. */
  readonly ringMs: number;
  /** From the answer to the dialling of the media WebSocket. The service takes about 1.4 s. */
  readonly dialDelayMs: number;
  /**
   * From the answer to CallConnected. Later than the dialling, as seen in the service: the media socket may come first.
   */
  readonly connectDelayMs: number;
  /** From CallConnected to MediaStreamingStarted or MediaStreamingFailed where the stream came first. */
  readonly mediaEventDelayMs: number;
  /** From the hang-up to CallDisconnected. */
  readonly disconnectDelayMs: number;
  /** Whether MediaStreamingStopped is sent when a call with a running stream ends. Not documented; off. */
  readonly stoppedEventOnHangUp: boolean;
  /** How long the application may take to accept a media socket. Not documented. */
  readonly mediaHandshakeMs: number;
  /**
   * How often a media socket that the application closed is dialled again in one call. Not documented; 0:
   * MediaStreamingFailed at once.
   */
  readonly reconnects: number;
  /**
   * Delays between the attempts of one callback; their number bounds the repetitions. The service's schedule is not
   * documented.
   */
  readonly callbackRetryDelaysMs: readonly number[];
  /** How long the application may take to answer a callback. The service's limit is not documented. */
  readonly callbackAnswerMs: number;
  /**
   * Whether a callback that stays unanswered so long is repeated. Off: samples of Microsoft never answer, and the
   * service does not send them their events again within seconds.
   */
  readonly repeatUnansweredCallbacks: boolean;
  /** `Content-Type` of callbacks. Not documented; samples read either. */
  readonly callbackContentType: 'application/json' | 'application/cloudevents-batch+json';
  /** Whether callbacks carry `x-ms-call-connection-id`, as media sockets do. Not documented; off. */
  readonly callbackConnectionIdHeader: boolean;
  /** Take https callbacks and wss streams only, as the service does; else also http and ws on this machine. */
  readonly strictUrls: boolean;
  /** Whose files `play` fetches: only those of this machine, or anybody's, as the service does. */
  readonly playFilesFrom: PlayFileHosts;
  /**
   * Whether intermediate results of transcription name their words. The test data of Microsoft's SDK for .NET does not;
   * the JavaScript SDK 1.6.0 cannot parse results without words.
   */
  readonly intermediateWords: boolean;
  /**
   * For which calls CallStarted, CallEnded and the participant events go to Event Grid. `documented`: those of ACS
   * users, since telephones are excluded by the service's documentation; `all`: of everybody.
   */
  readonly callingEvents: 'documented' | 'all';
}

export const DEFAULT_BEHAVIOUR: AcsBehaviour = {
  ringMs: 30_000,
  dialDelayMs: 10,
  connectDelayMs: 60,
  mediaEventDelayMs: 50,
  disconnectDelayMs: 20,
  stoppedEventOnHangUp: false,
  mediaHandshakeMs: HANDSHAKE_TIMEOUT_MS,
  reconnects: 0,
  callbackRetryDelaysMs: [500, 1_500, 4_000],
  callbackAnswerMs: 30_000,
  repeatUnansweredCallbacks: false,
  callbackContentType: 'application/json',
  callbackConnectionIdHeader: false,
  strictUrls: false,
  playFilesFrom: 'loopback',
  intermediateWords: false,
  callingEvents: 'documented',
};
