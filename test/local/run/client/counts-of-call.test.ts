import { expect, it } from 'vitest';
import { countsOfCall, type StreamCounts } from '../../../../local/run/client/counts-of-call.ts';

const WORKER = {
  name: 'echo',
  chunksSent: 1,
  chunksAcked: 1,
  chunksFailed: 0,
  lostMs: 0,
  droppedMs: 5,
  repliesPlayed: 1,
  published: 0,
  ackedMs: 20,
  repliesPlayedMs: 20,
  repliesIgnoredMs: 0,
  repliesRefusedMs: 0,
};
const STREAM: StreamCounts = {
  callId: 'call',
  callConnectionId: 'connection',
  state: 'ended',
  framesIn: 10,
  framesOut: 5,
  audioMsIn: 200,
  audioMsOut: 100,
  audioMsFiller: 0,
  audioMsDropped: 0,
  audioMsCut: 40,
  ignored: { 'not JSON': 1 },
  workers: [WORKER],
};

it('counts what all streams of a call have brought and lost, by worker', () => {
  const robot = { ...WORKER, name: 'robot' };
  const newest = { ...STREAM, state: 'streaming', endedReason: 'stream ended', audioMsCut: 0 };
  const counts = countsOfCall([newest, { ...STREAM, endedReason: 'moved', workers: [WORKER, robot] }]);
  expect(counts).toMatchObject({
    streams: 2,
    state: 'streaming',
    endedReason: 'stream ended',
    framesIn: 20,
    audioMsCut: 40,
    ignored: { 'not JSON': 2 },
    workers: [{ name: 'echo', chunksSent: 2, droppedMs: 10 }, robot],
  });
});

it('is ended once all streams are, and undefined without any', () => {
  expect(countsOfCall([STREAM, { ...STREAM, state: 'ending' }])?.state).toBe('ending');
  expect(countsOfCall([STREAM, STREAM])?.state).toBe('ended');
  expect(countsOfCall([])).toBeUndefined();
});
