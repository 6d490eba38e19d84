import { AUDIO_FORMATS, type AudioFormat } from '../../shared/audio/audio-format.ts';
import { PCMU_RATE_HZ } from '../../shared/audio/pcmu.ts';
import { type ListenMode, STREAM_MS, type WorkerCodec } from '../../shared/call/plan.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import { ChunkAudio } from './chunk-audio.ts';
import type { HeardAudio } from './heard-audio.ts';
import { PcmuAudio } from './pcmu-audio.ts';
import type { SpeechListener } from './speech-bounds.ts';
import { UtteranceAudio } from './utterance-audio.ts';
import type { WorkerAudio } from './worker-audio.ts';

interface AudioForOptions {
  readonly format: AudioFormat;
  readonly codec: WorkerCodec;
  /** How much audio may wait for a worker that listens to chunks or a stream, in milliseconds. */
  readonly maxBacklogMs: number;
  /** What waits of all calls for workers that listen to utterances. */
  readonly heard?: HeardAudio | undefined;
  /** Takes speech events, for a worker that wants them. */
  readonly onEvent: (event: LaneEvent) => void;
}

/** The audio of one worker, cut in the way in which the worker listens. */
export function audioFor(listen: ListenMode, options: AudioForOptions): WorkerAudio {
  const { format, codec } = options;
  switch (codec) {
    case 'pcm16':
      return cutFor(listen, options, 1);
    case 'pcmu':
      return new PcmuAudio(
        cutFor(listen, options, AUDIO_FORMATS[format].sampleRateHz / PCMU_RATE_HZ),
        format,
      );
  }
}

/** `factor`: how many samples of the call become one sample for the worker. */
function cutFor(listen: ListenMode, options: AudioForOptions, factor: number): WorkerAudio {
  const { format, maxBacklogMs, heard, onEvent } = options;
  switch (listen.mode) {
    case 'chunk':
      return new ChunkAudio({ format, chunkMs: listen.ms, maxBacklogMs });
    case 'stream':
      return new ChunkAudio({ format, chunkMs: STREAM_MS, maxBacklogMs });
    case 'utterance':
      return new UtteranceAudio({
        format,
        rules: listen,
        heard,
        ...(listen.speechEvents ? { speech: speechEvents(onEvent, factor) } : {}),
      });
  }
}

function speechEvents(onEvent: (event: LaneEvent) => void, factor: number): SpeechListener {
  return {
    onSpeechStarted: (ssrc, timestamp) =>
      onEvent({ type: 'speech.started', ssrc, timestamp: timestamp / factor }),
    onSpeechEnded: (ssrc, timestamp, durationMs) =>
      onEvent({ type: 'speech.ended', ssrc, timestamp: timestamp / factor, durationMs }),
  };
}
