import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MediaSocket } from '../../relay/media-socket.ts';
import { MAX_WORKERS, MAX_WORKERS_EVER, Session } from '../../relay/session.ts';
import { MAX_SOCKET_BUFFER_BYTES } from '../../relay/speaking/media-outlet.ts';
import { TimerWheel } from '../../relay/speaking/timer-wheel.ts';
import type { PublishAction } from '../../relay/worker-replies.ts';
import type { AudioFormat } from '../../shared/core/audio-format.ts';
import type { BargeInPolicy } from '../../shared/core/barge-in.ts';
import type { CallPlan, ListenMode } from '../../shared/core/plan.ts';
import { audioData, audioMetadata, dtmf, frame, heardAudio, json } from './acs-messages.ts';
import { RelayClock, settled } from './relay-clock.ts';
import { scriptedLanes } from './scripted-lane.ts';

const CALL_ID = '0123456789abcdef';
const CHUNK = 100;

class RecordingSocket implements MediaSocket {
  readonly sent: string[] = [];
  closed: { code: number; reason: string } | undefined;
  buffered = 0;

  send(text: string): void {
    this.sent.push(text);
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  get audio(): Buffer {
    return Buffer.concat(this.sent.map((text) => heardAudio(text) ?? Buffer.alloc(0)));
  }
}

interface SetUp {
  readonly workers?: readonly string[];
  readonly jitterBufferMs?: number;
  readonly bargeIn?: BargeInPolicy;
  readonly playoutLeadMs?: number;
  readonly format?: AudioFormat;
  readonly channels?: CallPlan['channels'];
  readonly listen?: ListenMode;
}

function setUp(options: SetUp = {}) {
  const { workers = ['echo'], jitterBufferMs = 60, format = 'pcm16KMono', channels = 'mixed' } = options;
  const { playoutLeadMs = 300, bargeIn } = options;
  const clock = new RelayClock();
  const lanes = scriptedLanes();
  const socket = new RecordingSocket();
  const failures: unknown[] = [];
  onTestFinished(() => expect(failures, 'errors of what was due').toEqual([]));
  const published: { worker: string; action: PublishAction }[] = [];
  const session = new Session({
    ticket: {
      callId: CALL_ID,
      from: '4:+14255550100',
      to: '4:+14255550199',
      plan: {
        format,
        channels,
        startStreaming: true,
        dtmf: true,
        workers: workers.map((name) => ({
          name,
          listen: { mode: 'chunk', ms: CHUNK },
          ...(bargeIn === undefined ? {} : { bargeIn }),
        })),
      },
      expiresAtMs: clock.nowMs() + 3_600_000,
    },
    callConnectionId: 'connection-1',
    correlationId: 'correlation-1',
    socket,
    openConnection: lanes.open,
    maxBacklogMs: 1_000,
    jitterBufferMs,
    playoutLeadMs,
    clock,
    wheel: new TimerWheel(clock, (error) => failures.push(error)),
    log: pino({ level: 'silent' }),
    onPublish: (_, worker, action) => published.push({ worker, action }),
  });
  return {
    clock,
    lanes,
    socket,
    session,
    published,
    receive(...messages: Buffer[]) {
      for (const message of messages) session.receive(message, false);
    },
    hear(frames: number, value = 1) {
      for (let i = 0; i < frames; i += 1) session.receive(audioData(frame(value, format)), false);
    },
    /** Opens every lane and acknowledges `call.started`. */
    async open() {
      for (const name of workers) {
        lanes.of(name).started();
        await settled();
        lanes.of(name).acknowledge();
      }
      await settled();
    },
  };
}

describe('a session', () => {
  it('tells each worker of the call', async () => {
    const { lanes, open } = setUp({ workers: ['echo', 'scribe'] });
    await open();
    for (const name of ['echo', 'scribe']) {
      expect(lanes.of(name).events).toEqual([
        {
          type: 'call.started',
          callId: CALL_ID,
          callConnectionId: 'connection-1',
          correlationId: 'correlation-1',
          from: '4:+14255550100',
          to: '4:+14255550199',
          format: 'pcm16KMono',
          listen: 'chunk',
          participants: [],
          turn: 0,
        },
      ]);
    }
  });

  it('brings what is said to every worker, and a slow worker holds up nobody', async () => {
    const { lanes, open, receive, hear, session } = setUp({ workers: ['slow', 'fast'] });
    await open();
    receive(audioMetadata());
    for (let i = 0; i < 3; i += 1) {
      hear(5);
      lanes.of('fast').acknowledge();
      await settled();
    }
    expect(lanes.of('slow').packets).toHaveLength(1);
    expect(lanes.of('fast').packets).toHaveLength(3);
    expect(session.report()).toMatchObject({ state: 'streaming', framesIn: 15, audioMsIn: 300, ignored: {} });
  });

  it('passes DTMF on', async () => {
    const { lanes, open, receive } = setUp();
    await open();
    receive(dtmf('#'));
    expect(lanes.of('echo').events.at(-1)).toEqual({ type: 'dtmf', tone: '#' });
  });

  it('counts and ignores what it cannot use, and serves the next frame', async () => {
    const { lanes, open, receive, hear, session } = setUp();
    await open();
    session.receive(Buffer.from([1, 2, 3]), true);
    receive(
      Buffer.from('not JSON'),
      Buffer.alloc(64 * 1024 + 1, 0x20),
      json({ kind: 'MarkData', markData: {} }),
      json({ kind: 'TranscriptionData', transcriptionData: { text: 'hello' } }),
      json({ kind: 'AudioData', audioData: { data: null, silent: false } }),
      audioData(new Uint8Array(100)),
      audioMetadata(24_000, 960),
      json({ kind: 'AudioMetadata', audioMetadata: { sampleRate: 16_000, channels: 2, length: 640 } }),
    );
    expect(session.report()).toMatchObject({
      framesIn: 0,
      ignored: {
        'binary message': 1,
        'not JSON': 1,
        'message too long': 1,
        'unknown kind': 1,
        transcription: 1,
        'audio without data': 1,
        'audio of another length than a frame has': 1,
        'metadata of another format than the plan has': 2,
      },
    });
    hear(5);
    expect(lanes.of('echo').packets).toHaveLength(1);
    expect(lanes.of('echo').packets[0], 'the two unusable frames left a gap').toMatchObject({
      timestamp: 640,
    });
  });

  it('takes a silent frame without data for 20 ms of silence', async () => {
    const { lanes, open, hear, receive } = setUp();
    await open();
    hear(2, 7);
    receive(json({ kind: 'AudioData', audioData: { silent: true } }));
    hear(2, 7);
    const payload = Buffer.from(lanes.of('echo').packets[0]?.payload ?? []);
    expect(payload.length).toBe(3_200);
    expect(payload.subarray(1_280, 1_920).every((byte) => byte === 0)).toBe(true);
    expect(payload[1_279]).toBe(7);
    expect(payload[1_920]).toBe(7);
  });

  it('tells participants of an unmixed call apart and names each before he is heard', async () => {
    const { lanes, open, receive } = setUp({ channels: 'unmixed' });
    await open();
    for (let i = 0; i < 5; i += 1) {
      receive(
        audioData(frame(1), { participantRawID: '4:+1' }),
        audioData(frame(2), { participantRawID: '8:acs:b' }),
      );
    }
    const lane = lanes.of('echo');
    for (let i = 0; i < 4 && lane.isWaitingForAck; i += 1) {
      lane.acknowledge();
      await settled();
    }
    expect(lane.events.slice(1)).toEqual([
      { type: 'participant', ssrc: 1, rawId: '4:+1' },
      { type: 'participant', ssrc: 2, rawId: '8:acs:b' },
    ]);
    expect(lane.packets.map(({ ssrc, payload }) => [ssrc, payload[0], payload.length])).toEqual([
      [1, 1, 3_200],
      [2, 2, 3_200],
    ]);
    expect(lane.sent.findIndex((each) => 'audio' in each)).toBe(3);
  });

  it('ends with the socket, after every worker has got the rest and the end', async () => {
    const { lanes, open, hear, session } = setUp();
    await open();
    hear(2);
    session.socketClosed();
    expect(session.report().state).toBe('ending');
    const lane = lanes.of('echo');
    lane.acknowledge();
    await settled();
    expect(lane.events.at(-1)).toEqual({ type: 'call.ended', reason: 'stream ended' });
    lane.acknowledge();
    await session.ended;
    expect(session.report()).toMatchObject({ state: 'ended', endedReason: 'stream ended' });
  });

  it('is closed once, for the first cause', async () => {
    const { session, socket, open, lanes } = setUp();
    await open();
    session.close('relay shutting down');
    session.close('replaced');
    session.socketClosed();
    expect(socket.closed).toEqual({ code: 1001, reason: 'relay shutting down' });
    expect(lanes.of('echo').events.at(-1)).toEqual({ type: 'call.ended', reason: 'relay shutting down' });
    expect(session.report().endedReason).toBe('relay shutting down');
  });

  it('ends without workers too, and not before its stream does', async () => {
    const { session, hear } = setUp({ workers: [] });
    await settled();
    expect(session.report().state).toBe('connected');
    hear(1);
    session.socketClosed();
    await session.ended;
    expect(session.report()).toMatchObject({ state: 'ended', framesIn: 1 });
  });

  it('goes on when a lane cannot be opened', async () => {
    const { session, lanes, clock, hear, socket } = setUp({ workers: ['away', 'echo'] });
    for (let i = 0; i < 20; i += 1) {
      const away = lanes.of('away');
      if (!away.isStopped) away.failToStart();
      await clock.advance(5_000);
      if (i === 0) {
        lanes.of('echo').started();
        await settled();
        lanes.of('echo').acknowledge();
      }
    }
    const lane = lanes.of('echo');
    expect(session.report().workers.find(({ name }) => name === 'away')?.state).toBe('failed');
    if (lane.isStopped) throw new Error('the lane of echo is gone');
    hear(5);
    lane.replyAudio(frame(9));
    expect(socket.audio.includes(Buffer.from(frame(9)))).toBe(true);
  });
});

describe('what workers send', () => {
  it('is played with the jitter buffer before it when nothing is left to play, in one message', async () => {
    const { lanes, open, socket, session, clock } = setUp({ jitterBufferMs: 60 });
    await open();
    const lane = lanes.of('echo');
    lane.replyAudio(frame(5), { sequenceNumber: 0 });
    expect(socket.sent).toHaveLength(1);
    expect(socket.audio).toEqual(Buffer.concat([new Uint8Array(3 * 640), frame(5)]));
    await clock.advance(79);
    lane.replyAudio(frame(6), { sequenceNumber: 1 });
    expect(heardAudio(socket.sent[1] ?? ''), 'something is still playing').toEqual(Buffer.from(frame(6)));
    await clock.advance(21);
    lane.replyAudio(frame(7), { sequenceNumber: 2 });
    expect(heardAudio(socket.sent[2] ?? '')?.length, 'nothing is left to play').toBe(4 * 640);
    expect(session.report()).toMatchObject({ framesOut: 9, audioMsOut: 180 });
    expect(session.report().workers[0]).toMatchObject({ repliesPlayed: 3, repliesIgnored: 0 });
  });

  it('goes to the call from the group as from replies', async () => {
    const { lanes, open, socket } = setUp({ jitterBufferMs: 0 });
    await open();
    lanes.of('echo').replyAudio(frame(5), {}, 'group');
    expect(socket.audio).toEqual(Buffer.from(frame(5)));
  });

  it('is split into messages of a second', async () => {
    const { lanes, open, socket } = setUp({ jitterBufferMs: 0, playoutLeadMs: 5_000, format: 'pcm24KMono' });
    await open();
    const speech = Uint8Array.from({ length: 48_000 * 2 + 960 }, (_, i) => i % 253);
    lanes.of('echo').replyAudio(speech, { payloadType: 97 });
    expect(socket.sent.map((text) => heardAudio(text)?.length)).toEqual([48_000, 48_000, 960]);
    expect(socket.audio.equals(speech)).toBe(true);
    expect(Math.max(...socket.sent.map((text) => text.length))).toBeLessThan(64 * 1024);
  });

  it('is dropped and counted while ACS does not take it', async () => {
    const { lanes, open, socket, session } = setUp({ jitterBufferMs: 0 });
    await open();
    socket.buffered = MAX_SOCKET_BUFFER_BYTES + 1;
    lanes.of('echo').replyAudio(frame(1), { sequenceNumber: 1 });
    expect(socket.sent).toEqual([]);
    expect(session.report()).toMatchObject({ audioMsDropped: 20, ignored: { 'reply: socket is full': 1 } });
    socket.buffered = 0;
    lanes.of('echo').replyAudio(frame(2), { sequenceNumber: 2 });
    expect(socket.sent).toHaveLength(1);
  });

  it('may be actions: play, stop and publish', async () => {
    const { lanes, open, socket, session, published } = setUp();
    await open();
    const audio = Buffer.from(frame(3)).toString('base64');
    lanes.of('echo').replyJson({
      actions: [
        { type: 'play', format: 'pcm16KMono', audio },
        { type: 'stop' },
        { type: 'publish', text: 'hello', level: 'info' },
        { type: 'dance' },
      ],
    });
    expect(socket.sent).toEqual([
      `{"kind":"AudioData","audioData":{"data":"${audio}"}}`,
      '{"kind":"StopAudio","stopAudio":{}}',
    ]);
    expect(published).toEqual([
      { worker: 'echo', action: { type: 'publish', text: 'hello', level: 'info' } },
    ]);
    const report = session.report();
    expect(report).toMatchObject({ stopAudioSent: 1, ignored: { 'reply: unknown action': 1 } });
    expect(report.workers[0]).toMatchObject({ repliesPlayed: 1, repliesIgnored: 1, published: 1 });
  });

  it('gets the jitter buffer again after a stop, since nothing is left to play', async () => {
    const { lanes, open, socket } = setUp({ jitterBufferMs: 20 });
    await open();
    const lane = lanes.of('echo');
    lane.replyAudio(new Uint8Array(32_000), { sequenceNumber: 1 });
    lane.replyJson({ actions: [{ type: 'stop' }] });
    lane.replyAudio(frame(1), { sequenceNumber: 2 });
    expect(heardAudio(socket.sent.at(-1) ?? '')?.length).toBe(2 * 640);
  });

  it('is counted and ignored when it is unusable', async () => {
    const { lanes, open, socket, session } = setUp();
    await open();
    const lane = lanes.of('echo');
    lane.replyBytes(Uint8Array.of(1, 2, 3));
    lane.replyText();
    lane.replyAudio(frame(1), { payloadType: 97 });
    lane.replyAudio(new Uint8Array(641));
    lane.replyJson({ something: 'else' });
    lane.replyJson({ actions: [{ type: 'play', format: 'pcm24KMono', audio: 'AAAA' }] });
    lane.replyJson({ actions: [{ type: 'play', format: 'pcm16KMono', audio: 'AAAA' }] });
    expect(socket.sent).toEqual([]);
    expect(session.report().ignored).toEqual({
      'reply: not an RTP packet': 1,
      'reply: text instead of audio or JSON': 1,
      'reply: another payload type than the call has': 1,
      'reply: half a sample': 2,
      'reply: JSON without known actions': 1,
      'reply: another format than the call has': 1,
    });
    expect(session.report().workers[0]?.repliesIgnored).toBe(7);
  });

  it('is played once when the same packet comes twice, but for each lane and source', async () => {
    const { lanes, open, socket, session, clock } = setUp({ workers: ['echo', 'other'], jitterBufferMs: 0 });
    await open();
    lanes.of('echo').replyAudio(frame(1), { sequenceNumber: 7 });
    lanes.of('echo').replyAudio(frame(1), { sequenceNumber: 7 });
    lanes.of('echo').replyAudio(frame(1), { sequenceNumber: 7 }, 'group');
    lanes.of('other').replyAudio(frame(1), { sequenceNumber: 7 });
    await clock.advance(60);
    expect(socket.sent).toHaveLength(3);
    expect(session.report().ignored).toEqual({ 'reply: the same RTP packet again': 1 });
  });

  it('is played again under the same numbers when the lane is a new one', async () => {
    const { lanes, open, socket, clock } = setUp({ jitterBufferMs: 0 });
    await open();
    lanes.of('echo').replyAudio(frame(1), { sequenceNumber: 0 });
    lanes.of('echo').lose();
    await clock.advance(250);
    await open();
    lanes.of('echo').replyAudio(frame(2), { sequenceNumber: 0 });
    expect(socket.sent).toHaveLength(2);
  });

  it('is stopped before the frame in which the caller is found to speak has been dealt with', async () => {
    const { lanes, open, hear, receive, socket, session } = setUp({ bargeIn: { policy: 'stop' } });
    const loud = Uint8Array.from({ length: 640 }, (_, i) => (i % 4 === 1 ? 0x30 : i % 4 === 3 ? 0xd0 : 0));
    await open();
    hear(10, 0);
    lanes.of('echo').replyAudio(new Uint8Array(64_000));
    let frames = 0;
    while (session.report().interruptions === 0 && frames < 50) {
      receive(audioData(loud));
      frames += 1;
    }
    expect(socket.sent.at(-1)?.slice(0, 60)).toBe('{"kind":"StopAudio","stopAudio":{}}');
    expect(frames, 'frames of 20 ms until the caller is believed to speak').toBeLessThanOrEqual(8);
  });

  it('belongs to the turn that the worker was told last', async () => {
    const { lanes, open, receive, socket, session } = setUp({
      bargeIn: { policy: 'dtmf' },
      jitterBufferMs: 0,
    });
    await open();
    const lane = lanes.of('echo');
    lane.isObliging = true;
    lane.replyAudio(new Uint8Array(32_000), { ssrc: 0, sequenceNumber: 1 });
    receive(dtmf('5'));
    await settled();
    await settled();
    expect(lane.events.slice(1), 'the turn before the key that began it').toEqual([
      { type: 'interrupted', turn: 1, playedMs: 0 },
      { type: 'dtmf', tone: '5' },
    ]);
    lane.replyAudio(frame(1), { ssrc: 0, sequenceNumber: 2 });
    const audio = Buffer.from(frame(2)).toString('base64');
    lane.replyJson({ actions: [{ type: 'play', format: 'pcm16KMono', audio, turn: 0 }] });
    const written = socket.sent.length;
    lane.replyJson({ actions: [{ type: 'play', format: 'pcm16KMono', audio, turn: 1 }] });
    expect(socket.sent.length - written, 'audio of the new turn').toBe(1);
    expect(session.report()).toMatchObject({
      interruptions: 1,
      stopAudioSent: 1,
      ignored: { 'reply: audio of an old turn': 2 },
    });
  });

  it('is told the present turn when its lane is opened again', async () => {
    const { lanes, open, receive, clock } = setUp({ bargeIn: { policy: 'dtmf' } });
    await open();
    lanes.of('echo').replyAudio(new Uint8Array(32_000));
    receive(dtmf('5'));
    lanes.of('echo').lose();
    await clock.advance(250);
    await open();
    expect(lanes.of('echo').events[0]).toMatchObject({ type: 'call.started', turn: 1 });
  });

  it('is heard by nobody after the end', async () => {
    const { lanes, open, socket, session } = setUp();
    await open();
    session.socketClosed();
    lanes.of('echo').replyAudio(frame(1));
    lanes.of('echo').replyJson({ actions: [{ type: 'stop' }] });
    expect(socket.sent).toEqual([]);
    expect(session.report().ignored).toEqual({ 'reply: call has ended': 2 });
  });
});

describe('workers that come and go while the call lasts', () => {
  it('are told of the call, hear it and are heard from then on', async () => {
    const { lanes, open, hear, session, socket } = setUp({ jitterBufferMs: 0 });
    await open();
    hear(5, 1);
    session.attach({ name: 'scribe', listen: { mode: 'chunk', ms: CHUNK } });
    const lane = lanes.of('scribe');
    lane.isObliging = true;
    lane.started();
    await settled();
    expect(lane.events).toMatchObject([{ type: 'call.started', callId: CALL_ID, turn: 0 }]);
    hear(5, 2);
    await settled();
    expect(lane.packets.map(({ payload }) => payload[0])).toEqual([2]);
    lane.replyAudio(frame(9));
    expect(socket.audio).toEqual(Buffer.from(frame(9)));
  });

  it('are told that they are off the call, and what they said is dropped', async () => {
    const { lanes, open, hear, session, socket, clock } = setUp({ jitterBufferMs: 0 });
    await open();
    const lane = lanes.of('echo');
    lane.replyAudio(new Uint8Array(64_000));
    expect(session.detach('echo')).toBe(true);
    expect(session.detach('echo'), 'a second time').toBe(false);
    expect(socket.sent.at(-1)).toBe('{"kind":"StopAudio","stopAudio":{}}');
    expect(lane.events.at(-1)).toEqual({ type: 'call.ended', reason: 'detached' });
    lane.replyAudio(frame(1), { sequenceNumber: 2 });
    lane.acknowledge();
    hear(20);
    await clock.advance(1_000);
    expect(socket.sent.filter((text) => heardAudio(text) !== undefined)).toHaveLength(1);
    expect(lane.packets).toEqual([]);
    expect(session.report().workers[0]).toMatchObject({ name: 'echo', state: 'closed' });
  });

  it('may come back, and have the call end for them as for the others', async () => {
    const { lanes, open, session } = setUp();
    await open();
    session.detach('echo');
    lanes.of('echo').acknowledge();
    session.attach({ name: 'echo', listen: { mode: 'chunk', ms: CHUNK } });
    await open();
    session.socketClosed();
    await settled();
    expect(lanes.of('echo').events.at(-1)).toEqual({ type: 'call.ended', reason: 'stream ended' });
    lanes.of('echo').acknowledge();
    await session.ended;
    expect(() => session.attach({ name: 'late', listen: { mode: 'chunk', ms: CHUNK } })).toThrow('has ended');
    expect(session.detach('echo')).toBe(false);
  });

  it('are refused when they are there already, or too many', () => {
    const { session } = setUp();
    const worker = (name: string) => ({ name, listen: { mode: 'chunk', ms: CHUNK } }) as const;
    expect(() => session.attach(worker('echo'))).toThrow('the worker echo is on the call already');
    for (let i = 1; i < MAX_WORKERS; i += 1) session.attach(worker(`w${i}`));
    expect(() => session.attach(worker('more'))).toThrow(`at most ${MAX_WORKERS} workers`);
    for (let i = MAX_WORKERS; i < MAX_WORKERS_EVER; i += 1) {
      session.detach(`w${i - 1}`);
      session.attach(worker(`w${i}`));
    }
    session.detach('echo');
    expect(() => session.attach(worker('more'))).toThrow(`${MAX_WORKERS_EVER} in its time`);
  });
});
