import {
  type AnswerCallOptions,
  type CallConnection,
  type CallMedia,
  parseCallAutomationEvent,
} from '@azure/communication-call-automation';
import { expect } from 'vitest';
import type { Call } from '../../../../../local/emulators/acs/call/call.ts';
import { WavPhone } from '../../../../../local/phone/wav-phone.ts';
import { writeWav } from '../../../../../shared/audio/wav.ts';
import { tone } from '../../../../support/signals.ts';
import { until } from '../../../../support/until.ts';
import {
  type Respond,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../../../../support/webhook-receiver.ts';
import { type AcsFixture, startAcsFixture, type WireEvent } from '../acs-fixture.ts';

/** The caller's telephone: it says nothing, records what it hears and notes the keys it hears. */
export interface ListeningPhone extends WavPhone {
  readonly keysHeard: string[];
}

export interface OperatedCall {
  readonly f: AcsFixture;
  readonly call: Call;
  readonly connection: CallConnection;
  readonly media: CallMedia;
  readonly phone: ListeningPhone;
}

/** What the tests start, and what ends it. */
export class MediaOperationsFixture {
  readonly #closers: (() => unknown)[] = [];

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }

  /** A call that has been answered, with nothing but a telephone on it. */
  async answeredCall(
    options: Parameters<typeof startAcsFixture>[0] = {},
    answer: AnswerCallOptions = {},
  ): Promise<OperatedCall> {
    const f = await startAcsFixture(options);
    this.#closers.push(f.close);
    let phone: ListeningPhone | undefined;
    const { call, incomingCallContext } = await f.ring({
      phone: (rawId) => {
        phone = listeningPhone(rawId);
        return phone;
      },
    });
    const { callConnection: connection } = await f.client.answerCall(
      incomingCallContext,
      f.callbackUrl,
      answer,
    );
    await f.callback('CallConnected');
    if (phone === undefined) throw new Error('no telephone was asked for');
    return { f, call, connection, media: connection.getCallMedia(), phone };
  }

  /** Closes something at the end of the test. */
  closeAfter(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Serves these files over HTTP on loopback; anything else is 404. */
  async serveFiles(files: Readonly<Record<string, Uint8Array>>): Promise<WebhookReceiver> {
    const respond: Respond = ({ url }, response) => {
      const file = files[url];
      if (file === undefined) response.writeHead(404).end();
      else response.writeHead(200).end(file);
    };
    const server = await startWebhookReceiver(respond);
    this.#closers.push(server.close);
    return server;
  }
}

/** A WAV file of a tone. */
export function wavFile(samples: number, hz = 440, sampleRateHz = 16_000): Uint8Array {
  return writeWav(tone(samples, sampleRateHz, hz), sampleRateHz);
}

export function listeningPhone(rawId: string): ListeningPhone {
  const keysHeard: string[] = [];
  const phone = new WavPhone({ rawId, tailMs: 60_000, maxMs: 600_000, onHangUp: () => {} });
  return Object.assign(phone, { keysHeard, hearKey: (key: string) => void keysHeard.push(key) });
}

/** Callbacks of one operation context, oldest first, each checked with the SDK's own parser. */
export function eventsOf(f: AcsFixture, operationContext: string): WireEvent[] {
  const events = f.callbacks().filter(({ data }) => data['operationContext'] === operationContext);
  for (const event of events) {
    const parsed = parseCallAutomationEvent(JSON.stringify([event]));
    if (`Microsoft.Communication.${parsed.kind}` !== event.type) throw new Error(`parsed as ${parsed.kind}`);
  }
  return events;
}

/** Types of the events of one operation context, without their prefix. */
export function typesOf(f: AcsFixture, operationContext: string): string[] {
  return eventsOf(f, operationContext).map(({ type }) => type.replace('Microsoft.Communication.', ''));
}

/** Waits for an event of this type and operation context, and reads it. */
export async function eventOf(
  f: AcsFixture,
  operationContext: string,
  type: string,
): Promise<WireEvent['data']> {
  const event = await until(
    () => eventsOf(f, operationContext).find((candidate) => candidate.type.endsWith(`.${type}`)),
    `${type} of ${operationContext}; there are ${typesOf(f, operationContext).join(', ')}`,
  );
  return event.data;
}

export function refusedWith(statusCode: number, code: string): object {
  return expect.objectContaining({ name: 'RestError', statusCode, code });
}
