import type { Phone } from '../../../phone/phone.ts';
import type { Random } from '../../common/random.ts';
import type { TokenIssuer } from '../events/tokens.ts';
import type { MediaFaults } from '../faults/media-faults.ts';
import type {
  MediaStream,
  MediaStreamListener,
  MediaStreamOptions,
  MediaStreamReport,
  OpenMediaStream,
} from '../media/port.ts';

/** Streams of one call whose reports are kept; a call that starts and stops more often keeps the newest. */
const MAX_REPORTS = 16;

/** What the application asked for in `mediaStreamingOptions`. */
export type MediaConfiguration = Pick<
  MediaStreamOptions,
  'url' | 'audioFormat' | 'audioChannelType' | 'enableBidirectional' | 'enableDtmfTones'
> & { readonly startMediaStreaming: boolean };

interface MediaLegOptions {
  readonly configuration: MediaConfiguration;
  readonly callConnectionId: string;
  readonly correlationId: string;
  readonly phones: readonly Phone[];
  readonly tokens: Pick<TokenIssuer, 'mediaToken'>;
  readonly openMediaStream: OpenMediaStream;
  readonly listener: MediaStreamListener;
  /** Where subscription ids come from. */
  readonly random: Random;
  readonly faults: MediaFaults;
}

/** A stream that was stopped. */
interface Finished {
  /** While something may still come. Then only the report is kept, since a stream has much memory. */
  stream: MediaStream | undefined;
  report: MediaStreamReport;
}

/** The media sockets of one call, one after another. Nothing of a closed one reaches the listener. */
export class MediaLeg {
  readonly #options: MediaLegOptions;
  readonly #finished: Finished[] = [];
  #stream: MediaStream | undefined;
  #subscriptionId: string;
  #opened = 0;
  /** Grows with every opening and closing, so that what belongs to an earlier one is recognised. */
  #generation = 0;

  constructor(options: MediaLegOptions) {
    this.#options = options;
    this.#subscriptionId = options.random.uuid();
  }

  get subscriptionId(): string {
    return this.#subscriptionId;
  }

  /** Dials the application with a new token and a new subscription id. */
  open(): void {
    this.close();
    this.#subscriptionId = this.#options.random.uuid();
    this.#opened++;
    void this.#dial(++this.#generation);
  }

  close(): void {
    this.#generation++;
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) this.#finish(stream);
  }

  /** False where no stream is open or its options do not enable DTMF. */
  sendDtmf(key: string): boolean {
    if (this.#stream === undefined || !this.#options.configuration.enableDtmfTones) return false;
    this.#stream.sendDtmf(key);
    return true;
  }

  /** Reports of all streams, oldest first, the present one last. */
  reports(): readonly MediaStreamReport[] {
    const finished = this.#finished.map(({ stream, report }) => stream?.report() ?? report);
    return this.#stream === undefined ? finished : [...finished, this.#stream.report()];
  }

  #finish(stream: MediaStream): void {
    stream.stop();
    const finished: Finished = { stream, report: stream.report() };
    this.#finished.push(finished);
    if (this.#finished.length > MAX_REPORTS) this.#finished.shift();
    void stream.closed.then(() => {
      finished.report = stream.report();
      finished.stream = undefined;
    });
  }

  async #dial(generation: number): Promise<void> {
    const { callConnectionId, correlationId, configuration, phones, tokens, openMediaStream } = this.#options;
    const token = await tokens.mediaToken();
    if (generation !== this.#generation) return;
    const { startMediaStreaming: _, ...media } = configuration;
    const options: MediaStreamOptions = {
      ...media,
      headers: {
        Authorization: `Bearer ${token}`,
        'x-ms-call-connection-id': callConnectionId,
        'x-ms-call-correlation-id': correlationId,
      },
      subscriptionId: this.#subscriptionId,
      phones,
      faults: this.#options.faults.stream(String(this.#opened)),
    };
    let stream: MediaStream;
    try {
      stream = openMediaStream(options, this.#guarded(generation));
    } catch (error) {
      this.#guarded(generation).failed('invalidUrl', String(error));
      return;
    }
    // A stream may fail before it is returned.
    if (generation === this.#generation) this.#stream = stream;
    else this.#finish(stream);
  }

  #guarded(generation: number): MediaStreamListener {
    const { listener } = this.#options;
    const over = (): boolean => generation !== this.#generation;
    return {
      started: () => {
        if (!over()) listener.started();
      },
      failed: (failure, detail) => {
        if (over()) return;
        this.close();
        listener.failed(failure, detail);
      },
      closedByPeer: (code) => {
        if (over()) return;
        this.close();
        listener.closedByPeer(code);
      },
    };
  }
}
