import type { AudioFormat } from '../../shared/core/audio-format.ts';
import { type ListenMode, STREAM_MS } from '../../shared/core/plan.ts';
import type { CallEvent } from '../../shared/protocol/worker-messages.ts';
import { ChunkAudio } from './chunk-audio.ts';
import type { SpeechListener } from './speech-events.ts';
import { UtteranceAudio } from './utterance-audio.ts';
import type { WorkerAudio } from './worker-audio.ts';

export interface AudioForOptions {
  readonly format: AudioFormat;
  /** How much audio may wait for a worker that does not listen to utterances, in milliseconds. */
  readonly maxBacklogMs: number;
  /** Events of speech, for a worker that asks for them. */
  readonly onEvent: (event: CallEvent) => void;
}

/** The audio of one worker, cut as it listens. */
export function audioFor(listen: ListenMode, options: AudioForOptions): WorkerAudio {
  const { format, maxBacklogMs, onEvent } = options;
  switch (listen.mode) {
    case 'chunk':
      return new ChunkAudio({ format, chunkMs: listen.ms, maxBacklogMs });
    case 'stream':
      return new ChunkAudio({ format, chunkMs: STREAM_MS, maxBacklogMs });
    case 'utterance':
      return new UtteranceAudio({
        format,
        rules: listen,
        ...(listen.speechEvents ? { speech: speechEvents(onEvent) } : {}),
      });
  }
}

function speechEvents(onEvent: (event: CallEvent) => void): SpeechListener {
  return {
    onSpeechStarted: (ssrc, timestamp) => onEvent({ type: 'speech.started', ssrc, timestamp }),
    onSpeechEnded: (ssrc, timestamp, durationMs) =>
      onEvent({ type: 'speech.ended', ssrc, timestamp, durationMs }),
  };
}
