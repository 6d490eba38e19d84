import { describe, expect, it } from 'vitest';
import type { CallReport } from '../../../../../local/emulators/acs/control/call-report.ts';
import { readWav, writeWav } from '../../../../../shared/audio/wav.ts';
import { closedAfterEach } from '../../../../support/closed-after-each.ts';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CALLED, CALLER, CONTROL_TOKEN, startAcsFixture } from '../acs-fixture.ts';

const fixture = closedAfterEach(startAcsFixture);

const MEDIA = {
  transportType: 'websocket',
  audioChannelType: 'mixed',
  transportUrl: 'ws://127.0.0.1:9/',
  startMediaStreaming: true,
  enableDtmfTones: true,
} as const;

async function place(f: AcsFixture, request: Record<string, unknown> = {}): Promise<string> {
  const response = await f.control('POST', 'calls', { from: CALLER, to: CALLED, ...request });
  expect(response.status, await response.clone().text()).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

async function report(f: AcsFixture, id: string): Promise<CallReport> {
  const response = await f.control('GET', `calls/${id}`);
  expect(response.status).toBe(200);
  return (await response.json()) as CallReport;
}

interface IncomingCall {
  readonly incomingCallContext: string;
  readonly [member: string]: unknown;
}

/** The IncomingCall events that were delivered. */
function incomingCalls(f: AcsFixture): IncomingCall[] {
  return f.webhook.requests
    .filter(({ headers }) => headers['aeg-event-type'] === 'Notification')
    .map(({ body }) => JSON.parse(body)[0].data as IncomingCall);
}

async function answer(f: AcsFixture, mediaStreamingOptions: object = MEDIA): Promise<void> {
  const incoming = await until(() => incomingCalls(f)[0], 'the IncomingCall event');
  await f.client.answerCall(incoming.incomingCallContext, f.callbackUrl, {
    mediaStreamingOptions: mediaStreamingOptions as typeof MEDIA,
  });
  await f.callback('CallConnected');
}

describe('the control surface', () => {
  it.each([
    ['another token', CONTROL_TOKEN, 'other'],
    ['an empty token', CONTROL_TOKEN, ''],
    ['no surface configured', undefined, CONTROL_TOKEN],
    ['an empty surface token', '', ''],
  ])('does not exist for %s', async (_, controlToken, token) => {
    const f = await fixture({ controlToken });
    expect((await f.control('GET', 'calls', undefined, token)).status).toBe(404);
    expect((await fetch(`${f.acs.url}/control/calls`)).status).toBe(404);
  });

  it('places a call that rings through Event Grid', async () => {
    const f = await fixture();
    const id = await place(f, {
      sipHeaders: { 'User-To-User': 'hello' },
      voipHeaders: { intent: 'order' },
      onBehalfOf: '+14255550177',
      callerDisplayName: 'Ada',
      speech: { audio: Buffer.from([1, 0, 2, 0]).toString('base64'), sampleRateHz: 16_000 },
    });
    const incoming = await until(() => incomingCalls(f)[0], 'the IncomingCall event');
    expect(incoming).toMatchObject({
      from: { kind: 'phoneNumber', rawId: `4:${CALLER}`, phoneNumber: { value: CALLER } },
      to: { kind: 'phoneNumber', rawId: `4:${CALLED}` },
      callerDisplayName: 'Ada',
      customContext: { sipHeaders: { 'User-To-User': 'hello' }, voipHeaders: { intent: 'order' } },
      onBehalfOfCallee: { kind: 'phoneNumber', rawId: '4:+14255550177' },
    });
    expect(incoming.incomingCallContext.length, 'a context is too long for a URL or a key').toBeGreaterThan(
      1_024,
    );
    expect(await report(f, id)).toMatchObject({
      id,
      state: 'ringing',
      from: `4:${CALLER}`,
      correlationId: incoming['correlationId'],
      answers: { accepted: 0, refused: 0, replayed: 0 },
      streams: [],
    });
  });

  it('delivers the IncomingCall as often as asked', async () => {
    const f = await fixture();
    const id = await place(f, { deliveries: 3 });
    await until(
      async () => (await report(f, id)).events.filter(({ result }) => result === 200).length === 3,
      'three deliveries',
    );
    expect(new Set(incomingCalls(f).map(({ incomingCallContext }) => incomingCallContext)).size).toBe(1);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a number that is none', { from: '12' }, 'from'],
    ['a missing number', { to: undefined }, 'to'],
    ['audio that is not base64', { speech: { audio: '!', sampleRateHz: 16_000 } }, 'speech.audio'],
    ['half a sample', { speech: { audio: 'AAAA', sampleRateHz: 16_000 } }, 'speech.audio'],
    ['an odd sample rate', { speech: { audio: 'AAA=', sampleRateHz: 17 } }, 'speech.sampleRateHz'],
    ['too many deliveries', { deliveries: 11 }, 'deliveries'],
    ['a field it does not know', { speed: 3 }, 'speed'],
    ['SIP headers that are no texts', { sipHeaders: { a: 1 } }, 'sipHeaders.a'],
  ])('refuses %s and names it', async (_, change, name) => {
    const f = await fixture();
    const response = await f.control('POST', 'calls', { from: CALLER, to: CALLED, ...change });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: { message: string } }).error.message).toContain(name);
  });

  it('takes a call as a form, with a WAV file to say, and gives what was heard and said as WAV files', async () => {
    const f = await fixture();
    const form = new FormData();
    form.set('call', JSON.stringify({ from: CALLER, to: CALLED }));
    form.set('speech', new Blob([writeWav(Int16Array.of(1, 2), 16_000)]));
    const response = await fetch(`${f.acs.url}/eventgrid/incomingCall`, {
      method: 'POST',
      headers: { authorization: `Bearer ${CONTROL_TOKEN}` },
      body: form,
    });
    expect(response.status, await response.clone().text()).toBe(201);
    const { id } = (await response.json()) as { id: string };
    for (const [direction, samples] of [
      ['heard', [1, -2, 3]],
      ['said', [-4, 5]],
    ] as const) {
      const wav = await f.control('GET', `calls/${id}/${direction}.wav`);
      expect(wav.headers.get('content-type')).toBe('audio/wav');
      const audio = readWav(await wav.bytes());
      expect(audio, `the telephone of this test has ${direction}`).toEqual({
        samples: Int16Array.from(samples),
        sampleRateHz: 16_000,
      });
    }
  });

  it('says that no call can be placed where nobody would hear of it', async () => {
    const f = await fixture({ eventGrid: undefined as never });
    const response = await f.control('POST', 'calls', { from: CALLER, to: CALLED });
    expect(response.status).toBe(409);
    expect(await response.text()).toContain('EVENT_GRID_ENDPOINT');
  });

  it('reports an answered call: times, stream, events and outcome', async () => {
    const f = await fixture();
    const id = await place(f);
    await answer(f);
    await f.callback('MediaStreamingStarted');
    const phone = f.media.streams[0]?.options.phones[0];
    phone?.mediaStarted(16_000);
    phone?.hear(new Int16Array(320).fill(1_000), 320);
    const during = await until(async () => {
      const view = await report(f, id);
      return view.events.every(({ result }) => result === 200) && view;
    }, 'every callback to be accepted');
    expect(during).toMatchObject({
      state: 'connected',
      mediaSubscription: { state: 'active' },
      sampleRateHz: 16_000,
      streams: [{ framesSent: 3 }],
      answers: { accepted: 1, refused: 0, replayed: 0 },
    });
    expect(during.callConnectionId).toBe(f.media.streams[0]?.options.headers['x-ms-call-connection-id']);
    expect(during.answeredAtMs).toBeGreaterThanOrEqual(0);
    expect(during.mediaStartedMs).toBeGreaterThanOrEqual(during.answeredAtMs ?? Number.NaN);
    expect(during.firstAudioMs).toBeGreaterThanOrEqual(0);
    expect(during.levels.heardDbfs).toBeGreaterThan(-60);
    expect(during.levels.saidDbfs).toBe(-96);
    expect(during.events.map(({ type }) => type)).toEqual([
      'IncomingCall',
      'CallConnected',
      'ParticipantsUpdated',
      'MediaStreamingStarted',
    ]);

    expect((await f.control('POST', `calls/${id}/hang-up`)).status).toBe(204);
    await f.callback('CallDisconnected');
    expect((await f.control('POST', `calls/${id}/hang-up`)).status, 'hanging up twice is no error').toBe(204);
    expect(await report(f, id)).toMatchObject({ state: 'disconnected', outcome: 'hungUpByCaller' });
    const list = (await (await f.control('GET', 'calls')).json()) as { calls: CallReport[] };
    expect(list.calls.map((call) => call.id)).toEqual([id]);
  });

  it('gives out what was heard and said as raw samples', async () => {
    const f = await fixture();
    const id = await place(f);
    await answer(f, { ...MEDIA, audioFormat: 'Pcm24KMono' });
    await until(() => f.media.streams[0], 'the stream');
    f.media.streams[0]?.options.phones[0]?.mediaStarted(24_000);
    const heard = await f.control('GET', `calls/${id}/heard`);
    expect(heard.headers.get('content-type')).toBe('application/octet-stream');
    expect(heard.headers.get('x-sample-rate-hz')).toBe('24000');
    expect(new Int16Array(await heard.arrayBuffer())).toEqual(Int16Array.of(1, -2, 3));
    const said = await f.control('GET', `calls/${id}/said`);
    expect(new Int16Array(await said.arrayBuffer())).toEqual(Int16Array.of(-4, 5));
  });

  it('presses keys on a stream that carries them', async () => {
    const f = await fixture();
    const id = await place(f);
    expect((await f.control('POST', `calls/${id}/dtmf`, { keys: '1' })).status, 'nothing streams yet').toBe(
      409,
    );
    await answer(f);
    await f.callback('MediaStreamingStarted');
    expect((await f.control('POST', `calls/${id}/dtmf`, { keys: '12*#a' })).status).toBe(202);
    expect(f.media.streams[0]?.keys).toEqual(['1', '2', '*', '#', 'A']);
    expect((await f.control('POST', `calls/${id}/dtmf`, { keys: '1x' })).status).toBe(400);
  });

  it('refuses keys where the answer did not ask for them', async () => {
    const f = await fixture();
    const id = await place(f);
    await answer(f, { ...MEDIA, enableDtmfTones: false });
    await f.callback('MediaStreamingStarted');
    expect((await f.control('POST', `calls/${id}/dtmf`, { keys: '1' })).status).toBe(409);
  });

  it('streams changes of calls and levels', async () => {
    const f = await fixture();
    const stream = await f.control('GET', 'events');
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    let text = '';
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of stream.body ?? []) text += decoder.decode(chunk, { stream: true });
    })();
    const id = await place(f);
    await until(
      () => text.includes(`event: call\ndata: {"id":"${id}","state":"ringing"`),
      'the ringing call',
    );
    await answer(f);
    await until(() => text.includes('"state":"connected"'), 'the connected call');
    await until(() => text.includes(`event: levels\ndata: {"id":"${id}","saidDbfs":-96`), 'the levels');
    await f.acs.close();
    await reading;
  });

  it('arms faults and shows what Event Grid gave up', async () => {
    const f = await fixture({}, (request, response) => {
      if (request.headers['aeg-event-type'] === 'Notification') response.writeHead(400).end();
      else {
        const validationResponse = JSON.parse(request.body)[0].data.validationCode;
        response.writeHead(200).end(JSON.stringify({ validationResponse }));
      }
    });
    const id = await place(f);
    const letters = await until(async () => {
      const { deadLetters } = (await (await f.control('GET', 'dead-letters')).json()) as {
        deadLetters: { reason: string }[];
      };
      return deadLetters.length > 0 && deadLetters;
    }, 'the dead letter');
    expect(letters).toMatchObject([{ reason: 'NotRetried', attempts: [{ result: 400 }] }]);
    expect((await f.control('POST', 'faults', { status: 429, count: 1 })).status).toBe(204);
    expect((await f.control('POST', 'faults', { status: 200 })).status).toBe(400);
    expect((await report(f, id)).state).toBe('ringing');
  });

  it.each([
    ['GET', 'calls/none'],
    ['POST', 'calls/none/hang-up'],
    ['GET', 'calls/none/heard'],
    ['GET', 'calls/none/heard.wav'],
    ['GET', 'nothing'],
    ['DELETE', 'calls'],
  ])('knows no %s %s', async (method, path) => {
    const f = await fixture();
    expect((await f.control(method, path)).status).toBe(404);
  });
});
