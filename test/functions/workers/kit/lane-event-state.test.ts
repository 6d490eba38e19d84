import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseLaneMemory } from '../../../../functions/workers/kit/lane-memory.ts';
import type { AudioChunk, Call } from '../../../../functions/workers/kit/worker.ts';
import { echo } from '../../../../functions/workers/samples/echo.ts';
import { parseWorkerActions } from '../../../../shared/wire/lane/worker-messages.ts';
import { CALL_ID, counter, lane, packetOf, STARTED, TestLane } from './lane-fixture.ts';

const HANDLER_LIMIT_MS = 10_000;
const MAX_STATE_CHARS = 2_560;

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

describe('where a worker acts on its call', () => {
  const ours = { url: 'https://control.example', token: 'first', peer: '4:+14255550100' };
  const controlOf = (test: TestLane): unknown => parseLaneMemory(test.connectionState).control;

  it('follows a later call.started of the same control app', async () => {
    const test = lane({});
    await test.event({ ...STARTED, control: ours });
    await test.event({ ...STARTED, control: { ...ours, token: 'second' }, discontinuity: true });
    expect(controlOf(test)).toEqual({ ...ours, token: 'second' });
    await test.event({ ...STARTED, discontinuity: true });
    expect(controlOf(test)).toEqual({ ...ours, token: 'second' });
  });

  it.each([
    'https://attacker.example',
    'http://control.example',
    'https://control.example:8443',
    'https://control.example.attacker.example',
    'https://control.example@attacker.example',
    'no URL',
  ])('stays with its control app when a later call.started names %s', async (url) => {
    const test = lane({});
    await test.event({ ...STARTED, control: ours });
    await test.event({ ...STARTED, control: { ...ours, url }, discontinuity: true });
    expect(controlOf(test)).toEqual(ours);
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

  it('starts over when the header is damaged, foreign or of another version, whatever its bytes', async () => {
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
