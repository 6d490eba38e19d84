import { describe, expect, it } from 'vitest';
import { defineWorker } from '../../../../functions/workers/kit/define-worker.ts';
import type {
  AudioChunk,
  ChunkWorkerDefinition,
  Utterance,
} from '../../../../functions/workers/kit/worker.ts';
import { echo } from '../../../../functions/workers/samples/echo.ts';
import { decodePcmu, encodePcmu } from '../../../../shared/audio/pcmu.ts';
import { readWav } from '../../../../shared/audio/wav.ts';
import { formatRtp } from '../../../../shared/wire/lane/rtp.ts';
import { parseWorkerActions } from '../../../../shared/wire/lane/worker-messages.ts';
import { counter, lane, packetOf, rtp, STARTED, TestLane } from './lane-fixture.ts';

describe('audio in PCMU', () => {
  it('comes decoded, at 8 kHz, and is answered in PCMU', async () => {
    const heard: AudioChunk[] = [];
    const test = lane({
      onAudio: (chunk) => {
        heard.push(chunk);
        return chunk.pcm;
      },
    });
    await test.event(STARTED);
    const samples = Int16Array.from({ length: 160 }, (_, i) => 100 * i - 8_000);
    const codes = encodePcmu(samples);
    const packet = {
      payloadType: 0,
      marker: true,
      sequenceNumber: 0,
      timestamp: 480,
      ssrc: 1,
      payload: codes,
    };
    const reply = packetOf(await test.bytes(formatRtp(packet), 'application/octet-stream'));
    expect(heard[0]).toMatchObject({ format: 'pcmu', sampleRateHz: 8_000, durationMs: 20, timestamp: 480 });
    expect(heard[0]?.pcm).toEqual(decodePcmu(codes));
    expect(reply).toMatchObject({ payloadType: 0, timestamp: 480, marker: true });
    expect([...reply.payload]).toEqual([...codes]);
  });
});

describe('an utterance', () => {
  const listen = { mode: 'utterance', speechEvents: true } as const;

  it('comes as samples and as a WAV file, and is answered like audio', async () => {
    const heard: Utterance[] = [];
    const worker = defineWorker({
      name: 'test',
      listen,
      onUtterance: (utterance) => {
        heard.push(utterance);
        return utterance.pcm;
      },
    });
    const samples = Int16Array.from({ length: 480 }, (_, i) => i);
    const reply = packetOf(
      await new TestLane(worker).audio({ samples, timestamp: 960, ssrc: 2, marker: true, payloadType: 97 }),
    );
    expect(heard[0]).toMatchObject({ timestamp: 960, participant: 2, durationMs: 20, marker: true });
    expect(readWav(heard[0]?.wav() ?? new Uint8Array())).toEqual({ samples, sampleRateHz: 24_000 });
    expect(reply).toMatchObject({ timestamp: 960, payloadType: 97 });
    expect(new Int16Array(reply.payload.slice().buffer)).toEqual(samples);
  });

  it('is not what a route gives that has the worker listen in another way', async () => {
    const worker = defineWorker({ name: 'test', listen, onUtterance: (utterance) => utterance.pcm });
    const test = new TestLane(worker);
    await test.event({ ...STARTED, listen: 'chunk' });
    const response = await test.audio();
    expect(response.outcome).toBe('failed');
    expect(String(response.error)).toMatch(/has it listen in the mode "chunk": write "listen"/);
    await test.event({ ...STARTED, listen: 'utterance' });
    expect((await test.audio()).outcome).toBe('replied');
  });

  it('is preceded by the events of its speech', async () => {
    const told: unknown[] = [];
    const worker = defineWorker({
      name: 'test',
      listen,
      onUtterance: () => undefined,
      onSpeechStarted: (event) => void told.push(event),
      onSpeechEnded: (event) => void told.push(event),
    });
    const test = new TestLane(worker);
    const started = { type: 'speech.started', ssrc: 1, timestamp: 320 };
    const ended = { type: 'speech.ended', ssrc: 1, timestamp: 16_320, durationMs: 1_000 };
    expect((await test.event(started)).outcome).toBe('silent');
    expect((await test.event(ended)).outcome).toBe('silent');
    expect(told).toEqual([started, ended]);
  });
});

describe('audio to a worker', () => {
  it('comes with its format, time and participant', async () => {
    const heard: AudioChunk[] = [];
    const hearing = lane({ onAudio: (chunk) => void heard.push(chunk) });
    await hearing.audio({
      samples: new Int16Array(480).fill(7),
      timestamp: 960,
      ssrc: 2,
      payloadType: 97,
      marker: true,
    });
    const { pcm, ...rest } = heard[0] as AudioChunk;
    expect([...new Set(pcm)]).toEqual([7]);
    expect(rest).toEqual({
      sampleRateHz: 24_000,
      format: 'pcm24KMono',
      timestamp: 960,
      marker: true,
      durationMs: 20,
      participant: 2,
    });
  });

  it('is heard alike whether or not the message lies on an even address', async () => {
    const samples = Int16Array.of(1, -2, 32_767, -32_768);
    const message = rtp({ samples });
    const shifted = new Uint8Array(message.byteLength + 1);
    shifted.set(message, 1);
    const response = await new TestLane(echo).bytes(shifted.subarray(1));
    expect([...packetOf(response).payload]).toEqual([...new Uint8Array(samples.buffer)]);
  });

  it.each([
    ['no RTP', Uint8Array.of(1, 2, 3), 'application/octet-stream', /RTP packet/],
    ['half a sample', rtp().subarray(0, 15), 'application/octet-stream', /even number of bytes, not 3/],
    [
      'another payload type',
      rtp({ payloadType: 8 }),
      'application/octet-stream',
      /not supported: audio of RTP payload type 8/,
    ],
    ['XML', Uint8Array.of(65), 'application/xml', /not supported: an event that is neither/],
    ['text that is no JSON', Uint8Array.of(65), 'text/plain', /JSON/],
    ['broken JSON', Uint8Array.of(0x7b), 'application/json', /JSON/],
  ])('that is %s is an error of its own and of nothing else', async (_, body, contentType, message) => {
    const test = new TestLane(echo);
    const response = await test.bytes(body, contentType);
    expect(response).toMatchObject({ outcome: 'failed', status: 200 });
    expect(String(response.error)).toMatch(message);
    expect(await test.audio()).toMatchObject({ outcome: 'replied' });
  });
});

describe('the reply of a worker', () => {
  it('is RTP at the time of the chunk, under the turn of the lane, numbered in order', async () => {
    const test = new TestLane(echo);
    await test.event({ ...STARTED, turn: 4 });
    const first = packetOf(await test.audio({ timestamp: 320, ssrc: 9, marker: true, payloadType: 97 }));
    const second = packetOf(await test.audio({ timestamp: 323, ssrc: 9, payloadType: 97 }));
    expect(first).toMatchObject({
      payloadType: 97,
      timestamp: 320,
      ssrc: 4,
      sequenceNumber: 0,
      marker: true,
    });
    expect(second).toMatchObject({
      payloadType: 97,
      timestamp: 323,
      ssrc: 4,
      sequenceNumber: 1,
      marker: false,
    });
  });

  it('is the same when Web PubSub repeats an event whose answer got lost', async () => {
    const test = lane({ ...counter, onAudio: (chunk, _call, state) => chunk.pcm.map(() => ++state.heard) });
    await test.audio();
    const before = test.connectionState;
    const once = await test.audio();
    test.connectionState = before;
    const again = await test.audio();
    // Where traces are recorded each packet names its own span, which the relay does not look at to know a packet
    // again.
    expect(packetOf(again)).toEqual(packetOf(once));
    expect(again.connectionState).toEqual(once.connectionState);
  });

  it('belongs to the next turn after an interruption, and never to an earlier one', async () => {
    const test = new TestLane(echo);
    await test.event({ ...STARTED, turn: 1 });
    await test.event({ type: 'interrupted', turn: 2, playedMs: 80 });
    await test.event({ type: 'interrupted', turn: 1, playedMs: 0 });
    expect(packetOf(await test.audio()).ssrc).toBe(2);
  });

  it.each([
    ['undefined', () => undefined],
    ['no samples', () => new Int16Array(0)],
    ['no actions', () => ({ actions: [] })],
    ['a promise of nothing', async () => undefined],
  ])('may be nothing: %s', async (_, onAudio) => {
    expect(await lane({ onAudio }).audio()).toMatchObject({ outcome: 'silent', status: 204 });
  });

  it('may be bytes, as speech services give them', async () => {
    const response = await lane({ onAudio: async () => Buffer.from([1, 2, 3, 4]) }).audio();
    expect([...packetOf(response).payload]).toEqual([1, 2, 3, 4]);
  });

  it('may be a list of actions', async () => {
    const actions = [{ type: 'stop' } as const, { type: 'publish', text: 'hello' } as const];
    const test = lane({ onAudio: () => ({ actions }) });
    const response = await test.audio();
    expect(response.message?.contentType).toBe('application/json');
    expect(parseWorkerActions(JSON.parse(String(response.message?.body)))).toEqual({
      actions,
      ignored: 0,
      number: 0,
    });
    const next = await test.audio();
    expect(JSON.parse(String(next.message?.body)).number, 'one that is no repetition').toBe(1);
  });

  it('says of audio in actions too which turn it answers, unless the worker does', async () => {
    const play = { type: 'play', format: 'pcm24KMono', audio: 'AAA=' } as const;
    const test = lane({ onAudio: () => ({ actions: [play, { ...play, turn: 1 }] }) });
    await test.event({ ...STARTED, turn: 3 });
    const { message } = await test.audio({ payloadType: 97 });
    expect(parseWorkerActions(JSON.parse(String(message?.body))).actions).toEqual([
      { ...play, turn: 3 },
      { ...play, turn: 1 },
    ]);
  });

  it('may be audio for an event: in the format of the call, at the end of what was heard', async () => {
    const test = lane({ onCallStarted: () => Int16Array.of(5), onDtmf: () => Int16Array.of(6) });
    const greeting = packetOf(await test.event(STARTED));
    await test.audio({ timestamp: 960, samples: new Int16Array(480), payloadType: 97 });
    const answer = packetOf(await test.event({ type: 'dtmf', tone: '1' }));
    expect(greeting).toMatchObject({ payloadType: 97, timestamp: 0, sequenceNumber: 0, marker: true });
    expect(answer).toMatchObject({ payloadType: 97, timestamp: 1_440, sequenceNumber: 1 });
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a number', () => 7, /a handler returns samples/],
    ['text', () => 'hello', /a handler returns samples/],
    ['an unknown action', () => ({ actions: [{ type: 'dance' }] }), /a handler returns samples/],
    ['half a sample', () => Uint8Array.of(1), /even number of bytes, not 1/],
    [
      'a text too long for one message',
      () => ({ actions: [{ type: 'publish', text: 'x'.repeat(1_000_000) }] }),
      /an action "publish" has at most 1000000 characters, this one has \d+/,
    ],
    ['longer than one message, in a host that cannot publish', () => new Uint8Array(1_000_002), /Web PubSub/],
  ])('that is %s is an error', async (_, onAudio, message) => {
    const response = await lane({ onAudio: onAudio as ChunkWorkerDefinition<object>['onAudio'] }).audio();
    expect(response.outcome).toBe('failed');
    expect(String(response.error)).toMatch(message);
  });

  it('that is audio before anybody knows the format is an error', async () => {
    const response = await lane({ onDtmf: () => Int16Array.of(1) }).event({ type: 'dtmf', tone: '1' });
    expect(String(response.error)).toMatch(/before call\.started/);
  });
});
