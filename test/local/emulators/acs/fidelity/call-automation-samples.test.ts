/** After the samples that Microsoft publishes of Call Automation, in C# and JavaScript: what they need to work. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { AnswerCallOptions, CallConnection } from '@azure/communication-call-automation';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Step } from '../../../../../local/phone/step.ts';
import { stepsToJson } from '../../../../../local/phone/step-json.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { until } from '../../../../support/until.ts';
import type { Respond } from '../../../../support/webhook-receiver.ts';
import {
  type AcsFixture,
  acceptAll,
  CALLED,
  CALLER,
  startAcsFixture,
  type WireEvent,
} from '../acs-fixture.ts';

const OUTBOUND_CALLS_PER_NUMBER = 2;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const COLLEAGUE = '+14255550180';
const OWN_NUMBER = '+14255550100';

class Sample {
  readonly f: AcsFixture;
  readonly clock: ManualClock;

  constructor(f: AcsFixture, clock: ManualClock) {
    this.f = f;
    this.clock = clock;
  }

  /** A telephone rings that follows these steps; the application answers it without media streaming. */
  async answer(steps: readonly Step[], options: AnswerCallOptions = {}): Promise<CallConnection> {
    const placed = await this.f.control('POST', 'scripts', {
      from: CALLER,
      to: CALLED,
      steps: stepsToJson(steps),
      maxMs: 5_000,
    });
    expect(placed.status).toBe(201);
    const { body } = await until(
      () => this.f.webhook.requests.find((request) => request.body.includes('incomingCallContext')),
      'the IncomingCall',
    );
    const { incomingCallContext } = JSON.parse(body)[0].data;
    const { callConnection } = await this.f.client.answerCall(
      incomingCallContext,
      this.f.callbackUrl,
      options,
    );
    await this.event('CallConnected');
    return callConnection;
  }

  /** Lets time pass until so many of these events have come. */
  async events(type: string, count: number): Promise<readonly WireEvent[]> {
    return await until(() => {
      this.clock.advance(20);
      const found = this.all(type);
      return found.length >= count && found;
    }, `${count} × ${type}`);
  }

  async event(type: string): Promise<WireEvent['data']> {
    const [event] = await this.events(type, 1);
    return event?.data ?? {};
  }

  all(type: string): readonly WireEvent[] {
    return this.f.callbacks().filter((event) => event.type === `Microsoft.Communication.${type}`);
  }
}

async function start(respond: Respond = acceptAll): Promise<Sample> {
  const clock = new ManualClock(Date.now());
  const f = await startAcsFixture({ clock }, respond);
  closers.push(f.close);
  return new Sample(f, clock);
}

/** Answers everything but callbacks with 200, and these as it is told. */
function callbacks(respond: Respond): Respond {
  return (request, response, index) =>
    request.url === '/cb' ? respond(request, response, index) : acceptAll(request, response, index);
}

describe('an application that streams no media', () => {
  it('is called by somebody who waits, presses a key and hangs up', async () => {
    const sample = await start();
    const connection = await sample.answer([
      { type: 'wait', ms: 500 },
      { type: 'press', keys: '5' },
      { type: 'wait', ms: 500 },
      { type: 'hangUp' },
    ]);
    await connection.getCallMedia().startContinuousDtmfRecognition({ phoneNumber: CALLER });
    expect(await sample.event('ContinuousDtmfRecognitionToneReceived')).toMatchObject({ tone: 'five' });
    await sample.event('CallDisconnected');
  });

  it('gets the words of somebody who speaks while the call is transcribed', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    const said: string[] = [];
    server.on('connection', (socket) =>
      socket.on('message', (data) => {
        const { kind, transcriptionData } = JSON.parse(String(data));
        if (kind === 'TranscriptionData') said.push(transcriptionData.text);
      }),
    );
    await once(server, 'listening');
    closers.push(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    const sample = await start();
    const audio = { samples: new Int16Array(8_000), sampleRateHz: 16_000 };
    const connection = await sample.answer(
      [
        { type: 'wait', ms: 1_000 },
        { type: 'say', audio, text: 'I wait for an agent' },
      ],
      {
        transcriptionOptions: {
          transportUrl: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
          transportType: 'websocket',
          locale: 'en-US',
          startTranscription: false,
        },
      },
    );
    await connection.getCallMedia().startTranscription();
    await sample.f.callback('TranscriptionStarted');
    await until(() => {
      sample.clock.advance(20);
      return said.length > 0;
    }, 'the words');
    expect(said).toEqual(['I wait for an agent']);
  });

  it('is left at the limit of a telephone, so that its number can place other calls', async () => {
    const sample = await start();
    const { f } = sample;
    await f.control('POST', 'callees', { number: COLLEAGUE, takes: 'answers', maxMs: 5_000 });
    const place = () =>
      f.client.createCall(
        { targetParticipant: { phoneNumber: COLLEAGUE }, sourceCallIdNumber: { phoneNumber: OWN_NUMBER } },
        f.callbackUrl,
      );
    for (let placed = 0; placed < OUTBOUND_CALLS_PER_NUMBER; placed++) await place();
    await expect(place()).rejects.toMatchObject({ statusCode: 429 });
    await sample.events('CallDisconnected', OUTBOUND_CALLS_PER_NUMBER);
    await place();
  });
});

describe('an application that never answers its callbacks', () => {
  it('gets each of them once', async () => {
    const sample = await start(callbacks(() => {}));
    await sample.answer([{ type: 'wait', ms: 2_000 }, { type: 'hangUp' }]);
    await sample.event('CallDisconnected');
    sample.clock.advance(60_000);
    expect(sample.all('CallConnected')).toHaveLength(1);
    await until(
      () => sample.f.callbacks().length > 0 && sample.clock.pending().length === 0,
      'everything to be given up',
    );
    expect(sample.all('CallConnected')).toHaveLength(1);
    expect(sample.all('CallDisconnected')).toHaveLength(1);
  });
});

describe('an application that fails', () => {
  it('gets the callback again that it answered with an error', async () => {
    let failures = 2;
    const sample = await start(
      callbacks((_, response) => response.writeHead(failures-- > 0 ? 500 : 200).end()),
    );
    await sample.answer([{ type: 'wait', ms: 3_000 }]);
    const [first, second] = await sample.events('CallConnected', 2);
    expect(second?.id).toBe(first?.id);
  });
});
