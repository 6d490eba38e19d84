/** One turn of a call, followed from the caller through relay and worker and back, by the spans that both record. */
import { SpanKind } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { defineWorker } from '../../../functions/workers/kit/define-worker.ts';
import { handleLaneEvent } from '../../../functions/workers/kit/lane-event.ts';
import type { Worker } from '../../../functions/workers/kit/worker.ts';
import type { LaneListener, LaneMessage, OpenLaneConnection } from '../../../relay/lane/lane-connection.ts';
import { parseRtp } from '../../../shared/wire/lane/rtp.ts';
import { type RecordedSpan, recordSpans } from '../../support/recorded-spans.ts';
import { speechLike } from '../../support/signals.ts';
import { until } from '../../support/until.ts';
import { audioData, audioMetadata } from '../listen/acs-messages.ts';
import { RelayClock } from '../relay-clock.ts';
import {
  ADMIN_TOKEN,
  CALL_ID,
  dial,
  get,
  mediaUrl,
  reportWith,
  startRelayFixture,
  ticketFor,
} from '../relay-fixture.ts';

const INVOCATION = '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01';
const FRAME_BYTES = 640;

/** Lanes to a worker in this process; what was sent over them is kept. */
function lanesTo(worker: Worker, sent: Uint8Array[]): OpenLaneConnection {
  return (_target, listener: LaneListener) => {
    let connectionState: string | undefined;
    const handle = (contentType: string, body: Uint8Array): void =>
      void answer(contentType, body).then(
        () => listener.settled(true),
        () => listener.settled(false),
      );
    const answer = async (contentType: string, body: Uint8Array): Promise<void> => {
      const request = { callId: CALL_ID, contentType, body, connectionState, traceparent: INVOCATION };
      const response = await handleLaneEvent(worker, request);
      connectionState = response.connectionState ?? connectionState;
      if (response.message !== undefined) listener.message(toMessage(response.message.body));
    };
    return {
      start: () => Promise.resolve(),
      sendAudio: (packet) => {
        sent.push(packet);
        handle('application/octet-stream', packet);
      },
      sendEvent: (event) => handle('application/json', Buffer.from(JSON.stringify(event))),
      stop: () => {},
    };
  };
}

function toMessage(body: Uint8Array | string): LaneMessage {
  return typeof body === 'string'
    ? { from: 'reply', type: 'json', value: JSON.parse(body) }
    : { from: 'reply', type: 'binary', bytes: body };
}

const parrot = defineWorker({
  name: 'parrot',
  listen: { mode: 'utterance' },
  onUtterance: ({ pcm }) => pcm,
  onCallStarted() {},
});

const mute = defineWorker({ name: 'mute', listen: { mode: 'utterance' }, onUtterance() {} });

/**
 * On a clock that stands still: time passes in the audio alone, and no pause of this process is taken for one of the
 * caller.
 */
async function callTo(worker: Worker, sent: Uint8Array[] = []) {
  const clock = new RelayClock(Date.now());
  const running = await startRelayFixture({}, { clock, openConnection: lanesTo(worker, sent) });
  const { name, listen } = worker;
  const plan = {
    format: 'pcm16KMono',
    channels: 'mixed',
    startStreaming: true,
    dtmf: false,
    workers: [{ name, listen }],
  } as const;
  const acs = await dial(mediaUrl(running, await ticketFor({ plan })));
  acs.send(audioMetadata());
  return {
    running,
    acs,
    say: () => acs.send(...frames(speechLike(16_000, 16_000)), ...frames(new Int16Array(16_000))),
  };
}

function frames(samples: Int16Array): Buffer[] {
  const bytes = Buffer.from(samples.buffer);
  return Array.from({ length: bytes.byteLength / FRAME_BYTES }, (_, i) =>
    audioData(bytes.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES)),
  );
}

function find(spans: readonly RecordedSpan[], name: string): Promise<RecordedSpan> {
  return until(() => spans.find((span) => span.name === name && span.isEnded), `the span "${name}" to end`);
}

const idsOf = ({ context: { traceId, spanId } }: RecordedSpan) => ({ traceId, spanId });

describe('the spans of a turn', () => {
  it('are linked from the relay to the worker and back', async () => {
    const spans = recordSpans();
    const { acs, say } = await callTo(parrot);
    say();
    const turn = await find(spans, 'turn');
    acs.close();
    const stream = await find(spans, 'media stream');
    expect(turn.parent, 'a turn is part of its stream').toMatchObject(idsOf(stream));
    expect(turn.attributes).toMatchObject({
      'call.id': CALL_ID,
      worker: 'parrot',
      'turn.number': 0,
      'turn.answered': true,
      'turn.latency_ms': expect.any(Number),
    });

    const heard = await find(spans, 'parrot audio');
    expect(heard).toMatchObject({ tracer: 'trunkline.worker', kind: SpanKind.CONSUMER });
    expect(heard.parent, 'it is part of the invocation').toMatchObject({ traceId: 'a'.repeat(32) });
    expect(heard.links).toMatchObject([{ context: idsOf(turn) }]);
    expect(turn.links, 'the answer comes from there').toMatchObject([{ context: idsOf(heard) }]);

    const started = await find(spans, 'parrot call.started');
    expect(started.links).toMatchObject([{ context: idsOf(stream) }]);
    expect(JSON.stringify(spans)).not.toMatch(/\+1425|eyJ/);
  });

  it('end without an answer when there is none', async () => {
    const spans = recordSpans();
    const { acs, say } = await callTo(mute);
    say();
    await until(() => spans.some(({ name }) => name === 'mute audio'), 'the worker to hear it');
    acs.close();
    expect((await find(spans, 'turn')).attributes).toMatchObject({ 'turn.answered': false });
  });

  it('tell the kind of error with which a worker lost an event, and not its text', async () => {
    const spans = recordSpans();
    const broken = defineWorker({
      name: 'broken',
      listen: { mode: 'utterance' },
      onUtterance() {
        throw new RangeError('what the caller said was a secret');
      },
    });
    const { say } = await callTo(broken);
    say();
    const span = await find(spans, 'broken audio');
    expect(span.attributes).toMatchObject({ 'error.type': 'RangeError' });
    expect(JSON.stringify(spans)).not.toContain('secret');
  });

  it('are in no message where nothing is recorded', async () => {
    const sent: Uint8Array[] = [];
    const { say } = await callTo(parrot, sent);
    say();
    const packet = await until(() => sent[0], 'an utterance');
    expect((packet[0] ?? 0) & 0x10, 'no header extension').toBe(0);
    expect(parseRtp(packet).payload.byteLength).toBeGreaterThan(0);
  });
});

describe('how long a caller waits for an answer', () => {
  it('is in the report of the call, turn by turn, and in a histogram', async () => {
    const { running, acs, say } = await callTo(parrot);
    say();
    await until(() => acs.received.length > 0, 'the answer');
    const report = (await reportWith(running, { state: 'streaming' })) as {
      workers: {
        turns: { turns: number; turnsAnswered: number; lastTurns: { turn: number; latencyMs: number }[] };
      }[];
    };
    const { turns, turnsAnswered, lastTurns } = report.workers[0]?.turns ?? {};
    expect({ turns, turnsAnswered }).toEqual({ turns: 1, turnsAnswered: 1 });
    // All frames came at once, so that what counts is how much audio lies between the end of the speech and that of the
    // utterance.
    expect(lastTurns).toEqual([{ turn: 0, latencyMs: expect.any(Number) }]);
    expect(lastTurns?.[0]?.latencyMs).toBeGreaterThan(200);
    expect(lastTurns?.[0]?.latencyMs).toBeLessThan(3_000);
    const { text } = await get(`${running.url}/metrics`, ADMIN_TOKEN);
    expect(text).toMatch(/^trunkline_relay_speech_latency_ms_count 1$/m);
  });

  it('is not measured of a worker that answers as it hears', async () => {
    const echo = defineWorker({
      name: 'echo',
      listen: { mode: 'chunk', ms: 100 },
      onAudio: ({ pcm }) => pcm,
    });
    const { running, acs, say } = await callTo(echo);
    say();
    await until(() => acs.received.length > 0, 'the echo');
    const report = (await reportWith(running, { state: 'streaming' })) as { workers: object[] };
    expect(report.workers[0]).not.toHaveProperty('turns');
  });
});
