import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineWorker } from '../../functions/worker-kit/define-worker.ts';
import {
  HANDLER_LIMIT_MS,
  handleLaneEvent,
  type LaneResponse,
} from '../../functions/worker-kit/lane-event.ts';
import { MAX_REPLY_BYTES } from '../../functions/worker-kit/lane-message.ts';
import { MAX_STATE_CHARS } from '../../functions/worker-kit/lane-state.ts';
import type {
  AudioChunk,
  Call,
  ChunkWorkerDefinition,
  Utterance,
  Worker,
  WorkerDefinition,
} from '../../functions/worker-kit/worker.ts';
import { echo } from '../../functions/workers/echo.ts';
import { readWav } from '../../local/phone/wav.ts';
import { decodePcmu, encodePcmu } from '../../shared/protocol/pcmu.ts';
import { formatRtp, parseRtp } from '../../shared/protocol/rtp.ts';
import { parseWorkerActions } from '../../shared/protocol/worker-messages.ts';

const CALL_ID = '0123456789abcdef';
const LISTEN = { mode: 'chunk', ms: 100 } as const;

const STARTED = {
  type: 'call.started',
  callId: CALL_ID,
  callConnectionId: 'connection-1',
  from: '4:+14255550100',
  to: '4:+14255550101',
  format: 'pcm24KMono',
  participants: [],
  turn: 0,
};

interface AudioOptions {
  readonly samples?: Int16Array;
  readonly timestamp?: number;
  readonly ssrc?: number;
  readonly payloadType?: number;
  readonly marker?: boolean;
}

function rtp(options: AudioOptions = {}): Uint8Array {
  const {
    samples = Int16Array.of(1, -2, 3),
    timestamp = 0,
    ssrc = 0,
    payloadType = 96,
    marker = false,
  } = options;
  const payload = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return formatRtp({ payloadType, marker, sequenceNumber: 0, timestamp, ssrc, payload });
}

/** A lane as Web PubSub keeps it: the state of the last response comes with the next request. */
class TestLane {
  readonly #worker: Worker;
  connectionState: string | undefined;

  constructor(worker: Worker, connectionState?: string) {
    this.#worker = worker;
    this.connectionState = connectionState;
  }

  async #send(contentType: string, body: Uint8Array): Promise<LaneResponse> {
    const { connectionState } = this;
    const response = await handleLaneEvent(this.#worker, {
      callId: CALL_ID,
      contentType,
      body,
      connectionState,
    });
    this.connectionState = response.connectionState ?? connectionState;
    return response;
  }

  audio(options: AudioOptions = {}): Promise<LaneResponse> {
    return this.#send('application/octet-stream', rtp(options));
  }

  bytes(body: Uint8Array, contentType = 'application/octet-stream'): Promise<LaneResponse> {
    return this.#send(contentType, body);
  }

  event(event: unknown): Promise<LaneResponse> {
    return this.#send('application/json; charset=utf-8', new TextEncoder().encode(JSON.stringify(event)));
  }
}

/** A lane of a worker with these handlers. */
function lane<S extends object>(members: Partial<WorkerDefinition<S>>): TestLane {
  return new TestLane(
    defineWorker({
      name: 'test',
      listen: LISTEN,
      onAudio: () => undefined,
      ...members,
    } as WorkerDefinition<S>),
  );
}

function packetOf(response: LaneResponse) {
  expect(response.message?.contentType, 'the reply must be audio').toBe('application/octet-stream');
  return parseRtp(response.message?.body as Uint8Array);
}

const counter = { initialState: () => ({ heard: 0 }) };

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
    expect(await test.audio()).toEqual(once);
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
    const response = await lane({ onAudio: () => ({ actions }) }).audio();
    expect(response.message?.contentType).toBe('application/json');
    expect(parseWorkerActions(JSON.parse(String(response.message?.body)))).toEqual({ actions, ignored: 0 });
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
    ['too much audio', () => new Uint8Array(MAX_REPLY_BYTES + 2), /a reply has at most/],
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

describe('events to a worker', () => {
  it('reach the handler of their type with the call', async () => {
    const seen: unknown[] = [];
    const see = (event: object, call: Call): void => {
      seen.push([event, call.callId, call.callConnectionId, call.turn]);
    };
    const test = lane({
      onCallStarted: see,
      onParticipant: see,
      onDtmf: see,
      onInterrupted: see,
      onPlayed: see,
      onCallEnded: see,
    });
    const rest = [
      { type: 'participant', ssrc: 1, rawId: '8:acs:x' },
      { type: 'dtmf', tone: 'pound' },
      { type: 'interrupted', turn: 1, playedMs: 20 },
      { type: 'played', turn: 1, playedMs: 500 },
      { type: 'call.ended', reason: 'hung up' },
    ];
    for (const event of [STARTED, ...rest]) {
      expect(await test.event(event)).toMatchObject({ outcome: 'silent', status: 204 });
    }
    const turns = [0, 0, 0, 1, 1, 1];
    expect(seen).toEqual([STARTED, ...rest].map((event, i) => [event, CALL_ID, 'connection-1', turns[i]]));
  });

  it('without a handler are silent', async () => {
    expect(await new TestLane(echo).event({ type: 'dtmf', tone: '1' })).toMatchObject({ status: 204 });
  });

  it('of an unknown type are ignored and change nothing', async () => {
    const test = lane(counter);
    await test.audio();
    const before = test.connectionState;
    expect(await test.event({ type: 'weather' })).toEqual({ outcome: 'ignored', status: 204 });
    expect(test.connectionState).toBe(before);
  });
});

describe('the state of a worker', () => {
  const remembering = {
    ...counter,
    onAudio: (_: AudioChunk, __: Call, state: { heard: number }) => {
      state.heard += 1;
      return { actions: [{ type: 'publish', text: String(state.heard) } as const] };
    },
  };

  const heardBy = async (test: TestLane): Promise<string> => {
    const { message } = await test.audio();
    const [action] = parseWorkerActions(JSON.parse(String(message?.body))).actions;
    return action?.type === 'publish' ? action.text : '';
  };

  it('starts from initialState and goes from event to event', async () => {
    const test = lane(remembering);
    expect([await heardBy(test), await heardBy(test), await heardBy(test)]).toEqual(['1', '2', '3']);
  });

  it('starts anew when the header is damaged, foreign or of another version, whatever its bytes', async () => {
    const foreign = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64')),
      fc.constant(Buffer.from('{"v":2,"turn":1,"seq":0,"at":0,"s":{"heard":9}}').toString('base64')),
    );
    await fc.assert(
      fc.asyncProperty(foreign, async (connectionState) => {
        const test = lane(remembering);
        test.connectionState = connectionState;
        expect(await heardBy(test)).toBe('1');
      }),
    );
  });

  it('stays as it was when the handler throws after it has changed it', async () => {
    const test = lane({
      ...remembering,
      onDtmf: (_, __, state) => {
        state.heard = 1_000;
        throw new Error('too late');
      },
    });
    await heardBy(test);
    expect(await test.event({ type: 'dtmf', tone: '1' })).toMatchObject({ outcome: 'failed' });
    expect(await heardBy(test)).toBe('2');
  });

  it('does not keep the lane from knowing its call when the handler of call.started throws', async () => {
    const test = lane({
      onCallStarted: () => {
        throw new Error('no greeting today');
      },
      onAudio: (chunk) => chunk.pcm,
    });
    await test.event({ ...STARTED, turn: 5 });
    expect(packetOf(await test.audio()).ssrc).toBe(5);
  });

  it.each<[string, () => object, RegExp]>([
    [
      'too large',
      () => ({ text: 'x'.repeat(MAX_STATE_CHARS) }),
      /may take 2560 characters in base64, this one takes/,
    ],
    [
      'a cycle',
      () => {
        const state: Record<string, unknown> = {};
        state['self'] = state;
        return state;
      },
      /circular/,
    ],
    ['a bigint', () => ({ n: 1n }), /BigInt/],
  ])('that is %s is an error that says so', async (_, initialState, message) => {
    const response = await lane({ initialState }).audio();
    expect(response.outcome).toBe('failed');
    expect(String(response.error)).toMatch(message);
  });

  it('is not carried for a worker that has none', async () => {
    const test = new TestLane(echo);
    await test.audio();
    expect(JSON.parse(Buffer.from(test.connectionState ?? '', 'base64').toString())).toEqual({
      v: 1,
      turn: 0,
      seq: 1,
      at: 3,
    });
  });
});

describe('a handler that fails', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('oh');
      },
    ],
    [
      'rejects',
      async () => {
        throw new TypeError('oh');
      },
    ],
  ])(
    'and %s costs its own chunk: told at once, not repeated, and the next one is served',
    async (_, fail) => {
      let calls = 0;
      const test = lane({
        onAudio: (chunk) => {
          calls += 1;
          return calls === 2 ? fail() : chunk.pcm;
        },
      });
      expect(packetOf(await test.audio()).sequenceNumber).toBe(0);
      const failed = await test.audio();
      expect(failed).toMatchObject({ outcome: 'failed', status: 200, error: expect.any(TypeError) });
      expect(packetOf(await test.audio()).sequenceNumber, 'no packet was lost on the way to the call').toBe(
        1,
      );
    },
  );

  it('by never answering is given up after its time, and told so', async () => {
    vi.useFakeTimers();
    let signal: AbortSignal | undefined;
    const response = lane({
      onAudio: (_, call) => {
        signal = call.signal;
        return new Promise<undefined>(() => {});
      },
    }).audio();
    await vi.advanceTimersByTimeAsync(HANDLER_LIMIT_MS - 1);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(String((await response).error)).toMatch(`longer than ${HANDLER_LIMIT_MS} ms`);
    expect(signal?.aborted).toBe(true);
  });
});
