import { expect } from 'vitest';
import { systemClock } from '../../../../../shared/base/clock.ts';
import { openWebSocket } from '../../../../../shared/web-socket/open-web-socket.ts';
import type { WebSocketConnection } from '../../../../../shared/web-socket/web-socket-connection.ts';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CONTROL_TOKEN } from '../acs-fixture.ts';

interface Told {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** The socket of a live telephone, as a page or any other program has it. */
export class LivePage {
  readonly told: Told[] = [];
  readonly heard: Int16Array[] = [];
  closeCode: number | undefined;
  readonly #socket: WebSocketConnection;
  #statsAsked = 0;

  constructor(socket: WebSocketConnection) {
    this.#socket = socket;
    socket.listen({
      message: (data, isBinary) => {
        if (isBinary) this.heard.push(new Int16Array(Uint8Array.from(data).buffer));
        else this.told.push(JSON.parse(data.toString()));
      },
      alive: () => {},
      closed: (code) => {
        this.closeCode = code;
      },
    });
  }

  tell(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  tellText(text: string): void {
    this.#socket.send(text);
  }

  say(samples: Int16Array): void {
    this.sayBytes(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  sayBytes(bytes: Uint8Array): void {
    this.#socket.sendBytes(bytes);
  }

  /** Everything of this type. */
  all(type: string): Told[] {
    return this.told.filter((message) => message.type === type);
  }

  /** Waits for the first message of this type. */
  first(type: string): Promise<Told> {
    return until(() => this.all(type)[0], `the message ${type}; there were ${JSON.stringify(this.told)}`);
  }

  /** Waits until the emulator has read all that was sent. @returns what it measures */
  async settled(): Promise<Told> {
    this.#statsAsked += 1;
    this.tell({ type: 'stats' });
    return until(() => this.all('stats')[this.#statsAsked - 1], 'the answer to stats');
  }

  /** Cuts the connection, as a crash of the browser does. */
  cut(): void {
    this.#socket.terminate();
  }

  async closed(): Promise<number> {
    await until(() => this.closeCode !== undefined, 'the end of the socket');
    return this.closeCode ?? 0;
  }
}

export async function connect(f: AcsFixture, token: string | undefined = CONTROL_TOKEN): Promise<LivePage> {
  const socket = await openWebSocket(`${f.acs.url.replace('http', 'ws')}/control/phone`, {
    clock: systemClock,
    maxMessageBytes: 8_192,
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
  });
  return new LivePage(socket);
}

/** A page that has said hello. */
export async function openPage(f: AcsFixture, rateHz: number, more: object = {}): Promise<LivePage> {
  const page = await connect(f);
  page.tell({ type: 'hello', v: 1, rateHz, ...more });
  expect(await page.first('hello')).toEqual({ type: 'hello', v: 1 });
  return page;
}

/** Waits for the IncomingCall of this caller, and answers it as the application. @returns the media socket of it */
export async function answerCallFrom(f: AcsFixture, from: string, mediaUrl?: string) {
  const incoming = await until(
    () => f.webhook.requests.find(({ url, body }) => url === '/events' && body.includes(`"value":"${from}"`)),
    `the IncomingCall of ${from}`,
  );
  const { callConnection, callConnectionProperties } = await f.client.answerCall(
    JSON.parse(incoming.body)[0].data.incomingCallContext,
    f.callbackUrl,
    {
      ...(mediaUrl !== undefined && {
        mediaStreamingOptions: {
          transportType: 'websocket',
          audioChannelType: 'mixed',
          transportUrl: mediaUrl,
          contentType: 'audio',
          startMediaStreaming: true,
          enableBidirectional: true,
          enableDtmfTones: true,
          audioFormat: 'Pcm16KMono' as never,
        },
      }),
    },
  );
  const { callConnectionId } = callConnectionProperties;
  await f.callbackWhere('CallConnected', (data) => data['callConnectionId'] === callConnectionId);
  return callConnection;
}
