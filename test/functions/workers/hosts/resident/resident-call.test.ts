import { createServer } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import {
  ResidentCall,
  type ResidentLosses,
} from '../../../../../functions/workers/hosts/resident/resident-call.ts';
import type { OpenResidentConnection } from '../../../../../functions/workers/hosts/resident/resident-connection.ts';
import { defineWorker } from '../../../../../functions/workers/kit/define-worker.ts';
import { LOST_EVENT_LINE_MS } from '../../../../../functions/workers/kit/webhook.ts';
import type { Call } from '../../../../../functions/workers/kit/worker.ts';
import { PRESENCE_MS } from '../../../../../shared/wire/lane/resident-messages.ts';
import { parseRtp } from '../../../../../shared/wire/lane/rtp.ts';
import { parseLaneEvent } from '../../../../../shared/wire/lane/worker-messages.ts';
import { RelayClock } from '../../../../relay/relay-clock.ts';
import { closeAtOnce, listenOnLoopback } from '../../../../support/loopback.ts';
import { until } from '../../../../support/until.ts';
import { CALL_ID, rtp, STARTED } from '../../kit/lane-fixture.ts';

const parsed = parseLaneEvent(STARTED);
if (parsed?.type !== 'call.started') throw new Error('STARTED is not the event');
const started = parsed;

/** A call in whose group the test decides what is heard, and when the other replicas have been told. */
function joiningCall(inBackground: (call: Call) => Promise<void> = async () => {}) {
  const clock = new RelayClock();
  const told: string[] = [];
  const published: unknown[] = [];
  const dropped: unknown[] = [];
  const unsaid: unknown[] = [];
  const isCut = { now: false };
  const others = Promise.withResolvers<void>();
  let listener: Parameters<OpenResidentConnection>[1] | undefined;
  const call = new ResidentCall({
    worker: defineWorker({
      name: 'resident',
      listen: { mode: 'stream' },
      onCallStarted: () => void told.push('started'),
      onAudio: () => void told.push('audio'),
      onDtmf: async ({ tone }, of) => {
        if (tone === '#') await of.hangUp();
        if (tone === '0') void inBackground(of);
        told.push(`dtmf ${tone}`);
        return { actions: [{ type: 'publish', text: tone }] };
      },
    }),
    callId: CALL_ID,
    hostId: 'this replica',
    clock,
    isControlApp: () => true,
    open: (_, heard) => {
      listener = heard;
      return {
        start: async () => {},
        publish: async (to, message) => {
          if (isCut.now) throw new Error('no connection');
          if (to === 'up') await others.promise;
          else published.push(message);
        },
        stop: () => {},
      };
    },
    onFailed: (error) => told.push(String(error)),
    onDropped: (some) => dropped.push(some),
    onOver: (end, losses) => {
      told.push(`over: ${end}`);
      if (losses.unheard.messages > 0) dropped.push(losses.unheard);
      unsaid.push(losses.unsaid);
    },
  });
  return {
    call,
    clock,
    told,
    published,
    dropped,
    unsaid,
    isCut,
    others,
    hear: (message: Uint8Array | string) => listener?.message(message),
  };
}

it('tells the worker of its call first, although audio comes before the other replicas have been told', async () => {
  const { call, told, others, hear } = joiningCall();
  const joined = call.join(started);
  hear(rtp());
  hear(JSON.stringify({ type: 'dtmf', tone: '1' }));
  // Long enough for whatever does not wait.
  await new Promise((resolve) => setImmediate(resolve));
  expect(told, 'nothing is handled before the call is joined').toEqual([]);
  others.resolve();
  await joined;
  await until(() => told.length === 3, 'everything that was heard');
  expect(told).toEqual(['started', 'audio', 'dtmf 1']);
  call.end('closed');
});

it('keeps the events of a call, however much audio waits behind them', async () => {
  const { call, told, dropped, others, hear } = joiningCall();
  const joined = call.join(started);
  hear(JSON.stringify({ type: 'dtmf', tone: '1' }));
  for (let i = 0; i < 100; i += 1) hear(rtp());
  others.resolve();
  await joined;
  await until(() => told.length === 51, 'everything that was kept');
  expect(told.slice(0, 3)).toEqual(['started', 'dtmf 1', 'audio']);
  for (let i = 0; i < 60; i += 1) hear(JSON.stringify({ type: 'dtmf', tone: '2' }));
  call.end('closed');
  expect(
    dropped,
    'the first of each run; of events alone the oldest; and all in the end, with what still waits',
  ).toEqual([
    { messages: 1, audioMs: expect.any(Number) },
    { messages: 52, audioMs: expect.any(Number) },
    { messages: 110, audioMs: expect.any(Number) },
  ]);
});

it('keeps three seconds of audio for a worker that is too slow, in however few messages they come', async () => {
  const { call, told, dropped, others, hear } = joiningCall();
  const second = new Int16Array(16_000);
  const joined = call.join(started);
  for (let i = 0; i < 20; i += 1) hear(rtp({ samples: second, timestamp: i * second.length }));
  others.resolve();
  await joined;
  await until(() => told.length === 4, 'everything that was kept');
  expect(told).toEqual(['started', 'audio', 'audio', 'audio']);
  call.end('closed');
  expect(dropped).toEqual([
    { messages: 1, audioMs: 1_000 },
    { messages: 17, audioMs: 17_000 },
  ]);
});

it('keeps the end of the call behind any number of long messages', async () => {
  const { call, told, others, hear } = joiningCall();
  const joined = call.join(started);
  hear(JSON.stringify({ type: 'call.ended', reason: 'hung up' }));
  for (let i = 0; i < 60; i += 1) hear(JSON.stringify({ type: 'weather', text: 'x'.repeat(100_000) }));
  others.resolve();
  await joined;
  await until(() => told.length === 2, 'the end');
  expect(told).toEqual(['started', 'over: call ended']);
});

it('keeps nothing of a call that another replica has taken while it joined', async () => {
  const { call, clock, told, others, hear } = joiningCall();
  const joined = call.join(started);
  hear(JSON.stringify({ type: 'resident.joined', host: 'another replica', atMs: clock.nowMs() + 1 }));
  others.resolve();
  await joined;
  expect(told).toEqual(['over: another replica']);
  expect(clock.pending, 'no timer is left').toBe(0);
});

async function joinedCall(inBackground?: (call: Call) => Promise<void>) {
  const joining = joiningCall(inBackground);
  joining.others.resolve();
  await joining.call.join(started);
  return joining;
}

it('parses a text once, and publishes the reply to it as it was written', async () => {
  const { call, told, published, hear } = await joinedCall();
  const text = JSON.stringify({ type: 'dtmf', tone: '5' });
  const parse = vi.spyOn(JSON, 'parse');
  onTestFinished(() => parse.mockRestore());
  hear(text);
  const reply = '{"actions":[{"type":"publish","text":"5"}],"number":0}';
  await until(() => published.includes(reply), 'the reply');
  expect(parse.mock.calls.filter(([parsed]) => parsed === text)).toHaveLength(1);
  expect(parse.mock.calls.filter(([parsed]) => parsed === reply)).toHaveLength(0);
  expect(told).toEqual(['started', 'dtmf 5']);
  call.end('closed');
});

it('answers the question whether it has the call, with the nonce of the question', async () => {
  const { call, clock, published, hear } = await joinedCall();
  published.length = 0;
  hear(JSON.stringify({ ...STARTED, nonce: 'n-1' }));
  hear(JSON.stringify({ ...STARTED, nonce: 'n'.repeat(65) }));
  await clock.advance(PRESENCE_MS);
  const here = { type: 'resident.here', host: 'this replica' };
  expect(published.map((text) => JSON.parse(String(text)))).toEqual([{ ...here, nonce: 'n-1' }, here, here]);
  call.end('closed');
});

it('loses a message that cannot be read, and no other', async () => {
  const { call, told, hear } = await joinedCall();
  hear('{"tel":"+14255550199"');
  hear(Uint8Array.of(1));
  hear(JSON.stringify({ type: 'weather' }));
  hear(JSON.stringify({ type: 'dtmf', tone: '1' }));
  await until(() => told.includes('dtmf 1'), 'the last message');
  expect(told).toEqual([
    'started',
    'LaneMessageError: an event of 21 characters is not JSON',
    expect.stringContaining('RtpError'),
    'dtmf 1',
  ]);
  call.end('closed');
});

it('acts with the token of the event at its webhook, and with no other that is published in the group', async () => {
  const tokens: unknown[] = [];
  const control = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    response.writeHead(403).end();
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(control)}`;
  onTestFinished(() => closeAtOnce(control));
  const { call, others, hear } = joiningCall();
  others.resolve();
  await call.join({ ...started, control: { url, token: 'own', peer: '4:+1' } });
  for (const token of [undefined, 'forged'])
    hear(JSON.stringify({ ...started, ...(token && { control: { url, token, peer: '4:+2' } }) }));
  hear(JSON.stringify({ type: 'dtmf', tone: '#' }));
  await until(() => tokens.length > 0, 'the request to hang up');
  expect(tokens).toEqual(['Bearer own']);
  call.end('closed');
});

it('is over when it has heard nothing for a minute', async () => {
  const { told, published, clock, hear } = await joinedCall();
  await clock.advance(59_999);
  hear(JSON.stringify({ type: 'dtmf', tone: '1' }));
  await clock.advance(59_999);
  expect(told).not.toContain('over: silence');
  await clock.advance(1);
  expect(told).toContain('over: silence');
  expect(JSON.parse(String(published.at(-1))), 'the relay may look for another replica').toMatchObject({
    type: 'resident.left',
  });
  expect(clock.pending, 'no timer is left').toBe(0);
});

it('stays on a call of which it hears nothing but that the relay is there, and tells the worker nothing', async () => {
  const { call, told, clock, hear } = await joinedCall();
  for (let minutes = 0; minutes < 5; minutes += 1) {
    await clock.advance(59_000);
    hear(JSON.stringify({ type: 'relay.here' }));
  }
  expect(told).toEqual(['started']);
  call.end('closed');
});

it('counts the replies that it cannot publish, and says so once in a row', async () => {
  const { call, told, unsaid, isCut, hear } = await joinedCall();
  isCut.now = true;
  for (let i = 0; i < 20; i += 1) hear(JSON.stringify({ type: 'dtmf', tone: '1' }));
  await until(() => told.filter((each) => each === 'dtmf 1').length === 20, 'all keys');
  await until(() => told.some((each) => each.startsWith('Error')), 'the first failure');
  await new Promise((resolve) => setImmediate(resolve));
  call.end('closed');
  expect(told.filter((each) => each.startsWith('Error'))).toEqual(['Error: no connection']);
  expect(unsaid).toEqual([{ messages: 20, audioMs: 0 }]);
});

it('is over when the worker has heard that the call has ended', async () => {
  const { told, clock, hear } = await joinedCall();
  hear(JSON.stringify({ type: 'call.ended', reason: 'hung up' }));
  await until(() => told.length === 2, 'the end');
  expect(told).toEqual(['started', 'over: call ended']);
  expect(clock.pending, 'no timer is left').toBe(0);
});

it('lets a handler that plays learn of an interruption at once, and serves what comes after it', async () => {
  const told: unknown[] = [];
  const published: unknown[] = [];
  let listener: Parameters<OpenResidentConnection>[1] | undefined;
  const call = new ResidentCall({
    worker: defineWorker({
      name: 'resident',
      listen: { mode: 'stream' },
      initialState: () => ({ keys: '' }),
      onAudio: () => void told.push('audio'),
      async onDtmf({ tone }, { play, signal, turn }, state) {
        told.push(`key ${tone} in turn ${turn} after "${state.keys}"`);
        state.keys += tone;
        if (tone !== '1') return;
        await play(Int16Array.of(1));
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        told.push(signal.reason);
        await play(Int16Array.of(2));
      },
      onInterrupted: ({ playedMs }) => void told.push(`interrupted after ${playedMs} ms`),
    }),
    callId: CALL_ID,
    hostId: 'this replica',
    clock: new RelayClock(),
    isControlApp: () => true,
    open: (_, heard) => {
      listener = heard;
      const publish = async (_to: string, message: unknown) => {
        if (message instanceof Uint8Array) published.push(message);
      };
      return { start: async () => {}, publish, stop: () => {} };
    },
    onFailed: (error) => told.push(error),
    onDropped: () => {},
    onOver: () => {},
  });
  await call.join(started);
  const hear = (event: object) => listener?.message(JSON.stringify(event));
  hear({ type: 'dtmf', tone: '1' });
  await until(() => published.length === 1, 'what the handler plays');
  listener?.message(rtp());
  hear({ type: 'interrupted', turn: 1, playedMs: 40 });
  hear({ type: 'dtmf', tone: '2' });
  await until(() => told.length === 5, 'everything that was heard');
  expect(told).toEqual([
    'key 1 in turn 0 after ""',
    expect.objectContaining({ name: 'InterruptedError', turn: 1, playedMs: 40 }),
    'audio',
    'interrupted after 40 ms',
    'key 2 in turn 1 after ""',
  ]);
  expect(published, 'nothing after the interruption').toHaveLength(1);
  hear({ type: 'dtmf', tone: '1' });
  await until(() => published.length === 2, 'what the handler plays');
  call.end('another replica');
  await until(() => told.length === 7, 'the end of the handler');
  expect(told.at(-1)).toMatchObject({ name: 'InterruptedError', reason: 'call ended' });
});

it('lets a worker speak on after its handler has returned, in packets of their own, until it is interrupted', async () => {
  const packets: ReturnType<typeof parseRtp>[] = [];
  const spoken: Promise<unknown>[] = [];
  const texts: string[] = [];
  let inBackground: Call | undefined;
  let listener: Parameters<OpenResidentConnection>[1] | undefined;
  const call = new ResidentCall({
    worker: defineWorker({
      name: 'resident',
      listen: { mode: 'stream' },
      onAudio: () => Int16Array.of(3),
      async onDtmf({ tone }, of) {
        if (tone === '1') inBackground = of;
        else {
          spoken.push(of.play(Int16Array.of(2)));
          spoken.push(inBackground?.play(Int16Array.of(1)) ?? Promise.resolve());
          await of.play(Int16Array.of(2));
        }
      },
    }),
    callId: CALL_ID,
    hostId: 'this replica',
    clock: new RelayClock(),
    isControlApp: () => true,
    open: (_, heard) => {
      listener = heard;
      const publish = async (to: string, message: unknown) => {
        if (message instanceof Uint8Array) packets.push(parseRtp(message));
        else if (to === 'down') texts.push(String(message));
      };
      return { start: async () => {}, publish, stop: () => {} };
    },
    onFailed: (error) => texts.push(String(error)),
    onDropped: () => {},
    onOver: () => {},
  });
  await call.join({ ...started, control: { url: 'https://control.example', token: 'own', peer: '4:+1' } });
  const hear = (event: object) => listener?.message(JSON.stringify(event));
  hear({ type: 'dtmf', tone: '1' });
  await until(() => inBackground !== undefined, 'the first handler');
  await new Promise((resolve) => setImmediate(resolve));
  await inBackground?.play(Int16Array.of(1));
  hear({ type: 'dtmf', tone: '2' });
  await until(() => packets.length === 4, 'what both say');
  hear({ type: 'dtmf', tone: '2' });
  listener?.message(rtp());
  await until(() => packets.length === 8, 'what both say, and a reply');
  const numbers = packets.map(({ sequenceNumber }) => sequenceNumber);
  expect(new Set(numbers).size, 'no packet passes for another').toBe(packets.length);
  await inBackground?.hangUp({ after: 'played' });
  expect(texts.at(-1), 'a goodbye in the background is published at once').toContain('"do":"hangUp"');
  hear({ type: 'interrupted', turn: 1, playedMs: 40 });
  await expect(inBackground?.play(Int16Array.of(1))).rejects.toMatchObject({ turn: 1, playedMs: 40 });
  call.end('another replica');
  await expect(inBackground?.play(Int16Array.of(1))).rejects.toMatchObject({ reason: 'call ended' });
  await Promise.all(spoken);
});

it('tells of the first frame on which its worker fails, then of one in ten seconds, and counts all', async () => {
  const clock = new RelayClock();
  const told: number[] = [];
  let losses: ResidentLosses | undefined;
  let heard = 0;
  let listener: Parameters<OpenResidentConnection>[1] | undefined;
  const call = new ResidentCall({
    worker: defineWorker({
      name: 'resident',
      listen: { mode: 'stream' },
      onAudio: () => {
        heard += 1;
        throw new Error(`it fails on frame ${heard}`);
      },
    }),
    callId: CALL_ID,
    hostId: 'this replica',
    clock,
    isControlApp: () => true,
    open: (_, its) => {
      listener = its;
      return { start: async () => {}, publish: async () => {}, stop: () => {} };
    },
    onFailed: (_, unlogged) => told.push(unlogged),
    onDropped: () => {},
    onOver: (_, its) => {
      losses = its;
    },
  });
  await call.join(started);
  for (let frame = 1; frame <= 30; frame += 1) {
    if (frame === 30) await clock.advance(LOST_EVENT_LINE_MS);
    listener?.message(rtp());
    await until(() => heard === frame, 'the next frame');
  }
  await new Promise((resolve) => setImmediate(resolve));
  call.end('closed');
  expect(told).toEqual([0, 28]);
  expect(losses).toMatchObject({ failed: 30 });
});

it('has a worker speak in the background for longer than an event may be answered', async () => {
  const { call, published, hear } = await joinedCall(async (of) => {
    await new Promise((resolve) => setImmediate(resolve));
    for (let minutes = 0; minutes < 11; minutes += 1) await of.play(new Int16Array(24_000 * 60));
  });
  hear(JSON.stringify({ type: 'dtmf', tone: '0' }));
  const bytes = () =>
    published.reduce((sum: number, each) => sum + (each instanceof Uint8Array ? each.length : 0), 0);
  await until(() => bytes() >= 11 * 60 * 48_000, 'eleven minutes');
  call.end('closed');
});
