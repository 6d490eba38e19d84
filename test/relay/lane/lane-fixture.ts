/** One lane on a scripted connection and a clock that stands still. */
import { Lane } from '../../../relay/lane/lane.ts';
import { ChunkAudio } from '../../../relay/listen/chunk-audio.ts';
import { AUDIO_FORMATS } from '../../../shared/audio/audio-format.ts';
import type { LaneEvent } from '../../../shared/wire/lane/worker-messages.ts';
import { frame } from '../listen/acs-messages.ts';
import { NO_VOICE } from '../no-voice.ts';
import { RelayClock, settled } from '../relay-clock.ts';
import { type ScriptedLane, scriptedLanes } from './scripted-lane.ts';

export const STARTED: LaneEvent = {
  type: 'call.started',
  callId: '0123456789abcdef',
  callConnectionId: 'connection-1',
  from: 'a',
  to: 'b',
  format: 'pcm16KMono',
  participants: [],
  turn: 0,
};
export const ENDED: LaneEvent = { type: 'call.ended', reason: 'stream ended' };

const { frameSamples } = AUDIO_FORMATS.pcm16KMono;

type LaneOptions = ConstructorParameters<typeof Lane>[0];

type LaneSetUp = Partial<LaneOptions> &
  Pick<LaneOptions, 'worker' | 'delivery'> & {
    readonly chunkMs: number;
    readonly maxBacklogMs: number;
  };

export function laneFixture({ worker, chunkMs, maxBacklogMs, ...more }: LaneSetUp) {
  const clock = new RelayClock();
  const lanes = scriptedLanes();
  let pushed = 0;
  const lane = new Lane({
    callId: '0123456789abcdef',
    worker,
    format: 'pcm16KMono',
    audio: new ChunkAudio({ format: 'pcm16KMono', chunkMs, maxBacklogMs }),
    clock,
    random: () => 1,
    openConnection: lanes.open,
    callStarted: () => STARTED,
    onMessage: () => {},
    onReplay: () => {},
    onControl: () => {},
    onNumbersRestart: () => {},
    onStateChange: () => {},
    onStartGivenUp: () => {},
    ...more,
  });
  return {
    clock,
    lanes,
    lane,
    /** Pushes frames that follow on the last ones. */
    hear(frames: number) {
      for (let i = 0; i < frames; i += 1) {
        lane.pushFrame({
          ssrc: 0,
          pcm: frame(pushed % 251),
          timestamp: pushed * frameSamples,
          voice: NO_VOICE,
        });
        pushed += 1;
      }
    },
    skip(frames: number) {
      pushed += frames;
    },
    /** Opens the lane and acknowledges `call.started`. */
    async open(): Promise<ScriptedLane> {
      const connection = lanes.of(worker);
      connection.started();
      await settled();
      connection.acknowledge();
      await settled();
      return connection;
    },
    async acknowledge(): Promise<void> {
      lanes.of(worker).acknowledge();
      await settled();
    },
  };
}
