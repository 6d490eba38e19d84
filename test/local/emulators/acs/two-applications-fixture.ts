import { CallAutomationClient, type CallConnection } from '@azure/communication-call-automation';
import type { RunningAcs } from '../../../../local/emulators/acs/server/acs.ts';
import type { SubscriptionSettings } from '../../../../local/emulators/event-grid/subscription-settings.ts';
import { parseSubscriptions } from '../../../../local/emulators/event-grid/subscription-settings.ts';
import { until } from '../../../support/until.ts';
import { startWebhookReceiver } from '../../../support/webhook-receiver.ts';
import { acceptAll, type WireEvent } from './acs-fixture.ts';
import { type MediaServer, samplesOf, startMediaServer } from './media/media-server.ts';

type EventData = Readonly<Record<string, unknown>>;

/** One of several applications of a resource, with a number of its own, on Microsoft's client. */
export class OneApplication {
  readonly number: string;
  readonly subscription: SubscriptionSettings;
  readonly #webhook: Awaited<ReturnType<typeof startWebhookReceiver>>;
  readonly #media: MediaServer;
  #client: CallAutomationClient | undefined;

  static async start(number: string): Promise<OneApplication> {
    return new OneApplication(number, await startWebhookReceiver(acceptAll), await startMediaServer());
  }

  private constructor(
    number: string,
    webhook: Awaited<ReturnType<typeof startWebhookReceiver>>,
    media: MediaServer,
  ) {
    this.number = number;
    this.#webhook = webhook;
    this.#media = media;
    const [subscription] = parseSubscriptions([
      {
        name: `of-${number.slice(1)}`,
        endpointUrl: `${webhook.url}/events`,
        filter: {
          includedEventTypes: ['Microsoft.Communication.IncomingCall'],
          advancedFilters: [{ operatorType: 'StringIn', key: 'data.to.PhoneNumber.Value', values: [number] }],
        },
      },
    ]);
    if (subscription === undefined) throw new Error('one subscription was given');
    this.subscription = subscription;
  }

  connect({ connectionString }: RunningAcs): void {
    this.#client = new CallAutomationClient(connectionString, { allowInsecureConnection: true });
  }

  async call(number: string): Promise<CallConnection> {
    const { callConnection } = await this.#connected.createCall(
      { targetParticipant: { phoneNumber: number }, sourceCallIdNumber: { phoneNumber: this.number } },
      `${this.#webhook.url}/cb`,
      { mediaStreamingOptions: this.#mediaStreamingOptions('pcm16KMono') },
    );
    return callConnection;
  }

  /** Answers the call that rings next, at another rate than a calling application streams at. */
  async answer(): Promise<CallConnection> {
    const data = await until(() => this.#events()[0], 'a call to ring');
    const { callConnection } = await this.#connected.answerCall(
      String(data['incomingCallContext']),
      `${this.#webhook.url}/cb`,
      { mediaStreamingOptions: this.#mediaStreamingOptions('pcm24KMono') },
    );
    return callConnection;
  }

  /** The data of the first callback of this type. */
  callback(type: string): Promise<EventData> {
    const wanted = `Microsoft.Communication.${type}`;
    return until(
      () => this.#callbacks().find((event) => event.type === wanted)?.data,
      `${type} at ${this.number}`,
    );
  }

  /** Says these samples at once, as the service takes them. */
  async say(samples: Int16Array): Promise<void> {
    const socket = await until(() => this.#media.connections[0]?.socket, 'the media socket');
    const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('base64');
    socket.send(JSON.stringify({ kind: 'AudioData', audioData: { data } }));
  }

  /** Everything that has come over its media socket so far, and from whom. */
  heard(): { readonly samples: Int16Array; readonly speakers: Set<string> } {
    const frames = (this.#media.connections[0]?.frames ?? []).filter(({ kind }) => kind === 'AudioData');
    return {
      samples: Int16Array.from(frames.flatMap((frame) => [...samplesOf(frame)])),
      speakers: new Set(frames.map(({ json }) => String(json.audioData?.participantRawID))),
    };
  }

  async close(): Promise<void> {
    await this.#media.close();
    await this.#webhook.close();
  }

  get #connected(): CallAutomationClient {
    if (this.#client === undefined) throw new Error('connect comes first');
    return this.#client;
  }

  #mediaStreamingOptions(audioFormat: 'pcm16KMono' | 'pcm24KMono') {
    return {
      transportUrl: this.#media.url,
      transportType: 'websocket',
      contentType: 'audio',
      audioChannelType: 'unmixed',
      startMediaStreaming: true,
      enableBidirectional: true,
      audioFormat,
    } as const;
  }

  #events(): EventData[] {
    return this.#webhook.requests
      .filter(({ url, headers }) => url === '/events' && headers['aeg-event-type'] === 'Notification')
      .flatMap(({ body }) => (JSON.parse(body) as { data: EventData }[]).map(({ data }) => data));
  }

  #callbacks(): WireEvent[] {
    return this.#webhook.requests
      .filter(({ url }) => url === '/cb')
      .flatMap(({ body }) => JSON.parse(body) as WireEvent[]);
  }
}
