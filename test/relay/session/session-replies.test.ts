import { describe, expect, it } from 'vitest';
import { speechLike } from '../../support/signals.ts';
import { audioData, dtmf, frame, heardAudio } from '../listen/acs-messages.ts';
import { settled } from '../relay-clock.ts';
import { sessionFixture as setUp } from './session-fixture.ts';

const MAX_SOCKET_BUFFER_BYTES = 1024 * 1024;

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
    expect(session.report()).toMatchObject({
      audioMsDropped: 20,
      ignored: { 'reply: socket is full': 1 },
      workers: [{ repliesIgnoredMs: 20, repliesRefusedMs: 20 }],
    });
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
        { type: 'publish', text: 'good day', kind: 'transcript' },
        { type: 'publish', text: 'la la', kind: 'song' },
        { type: 'dance' },
      ],
    });
    expect(socket.sent).toEqual([
      `{"kind":"AudioData","audioData":{"data":"${audio}"}}`,
      '{"kind":"StopAudio","stopAudio":{}}',
    ]);
    expect(published.map(({ worker, action }) => [worker, action.text, action.kind])).toEqual([
      ['echo', 'hello', undefined],
      ['echo', 'good day', 'transcript'],
    ]);
    const report = session.report();
    expect(report).toMatchObject({ stopAudioSent: 1, ignored: { 'reply: unknown action': 2 } });
    expect(report.workers[0]).toMatchObject({ repliesPlayed: 1, repliesIgnored: 2, published: 2 });
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

  it('does once what the same actions say twice, but for each lane and source, and all that have no number', async () => {
    const { lanes, open, socket, session, clock } = setUp({ workers: ['echo', 'other'], jitterBufferMs: 0 });
    await open();
    const audio = Buffer.from(frame(3)).toString('base64');
    const play = { type: 'play', format: 'pcm16KMono', audio };
    const message = { actions: [play], number: 7 };
    lanes.of('echo').replyJson(message);
    lanes.of('echo').replyJson(message);
    lanes.of('echo').replyJson(message, 'group');
    lanes.of('other').replyJson(message);
    lanes.of('echo').replyJson({ ...message, number: 8 });
    lanes.of('echo').replyAudio(frame(3), { sequenceNumber: 7 });
    for (const number of [undefined, -1, 0.5, '7']) lanes.of('echo').replyJson({ actions: [play], number });
    await clock.advance(400);
    expect(socket.audio.byteLength / frame(3).byteLength).toBe(9);
    expect(session.report().ignored).toEqual({ 'reply: the same actions again': 1 });
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
    const words = new Uint8Array(speechLike(50 * 320, 16_000, { hasPauses: false }).buffer);
    await open();
    hear(10, 0);
    lanes.of('echo').replyAudio(new Uint8Array(64_000));
    let frames = 0;
    while (session.report().interruptions === 0 && frames < 50) {
      receive(audioData(words.subarray(frames * 640, (frames + 1) * 640)));
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
