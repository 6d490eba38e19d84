/** Decodes the messages of ACS into what a session acts on. Names what it does not expect; never throws. */
import { AUDIO_FORMATS, type AudioFormat } from '../../shared/audio/audio-format.ts';
import type { AudioData, AudioMetadata } from '../acs/acs-media.ts';
import { MediaReader } from './acs-media-reader.ts';
import { StreamTimeline } from './stream-timeline.ts';

/** Longer messages are not even read; a frame of audio takes 1.4 KB. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** How many participants of an unmixed call the relay tells apart; it ignores the audio of others. */
const MAX_PARTICIPANTS = 64;

interface Participant {
  /** 0 is the mix of everybody. */
  readonly ssrc: number;
  readonly rawId: string;
}

type DecodedMessage =
  | { readonly kind: 'metadata' }
  | {
      readonly kind: 'frame';
      readonly ssrc: number;
      readonly pcm: Uint8Array;
      /** In samples since the stream's start. */
      readonly timestamp: number;
      /** Set with the first frame of a participant. */
      readonly joined?: Participant;
    }
  | { readonly kind: 'dtmf'; readonly tone: string }
  | { readonly kind: 'ignored'; readonly reason: string };

export class MediaDecoder {
  readonly #format: AudioFormat;
  readonly #isUnmixed: boolean;
  readonly #reader = new MediaReader();
  readonly #timeline: StreamTimeline;
  /** The audio of a frame without data; read only. */
  readonly #silence: Uint8Array;
  readonly #participants = new Map<string, Participant>();
  readonly #announced = new Set<number>();

  constructor(plan: { readonly format: AudioFormat; readonly channels: 'mixed' | 'unmixed' }) {
    this.#format = plan.format;
    this.#isUnmixed = plan.channels === 'unmixed';
    this.#timeline = new StreamTimeline(plan.format);
    this.#silence = new Uint8Array(AUDIO_FORMATS[plan.format].frameBytes);
  }

  /** Everybody who has been heard so far, without the mix. */
  get participants(): Participant[] {
    return [...this.#participants.values()].filter(({ ssrc }) => this.#announced.has(ssrc));
  }

  read(message: Buffer, isBinary: boolean): DecodedMessage {
    if (isBinary) return ignored('binary message');
    if (message.byteLength > MAX_MESSAGE_BYTES) return ignored('message too long');
    const frame = this.#reader.read(message);
    if (frame === undefined) return ignored('not JSON');
    switch (frame.kind) {
      case 'audioData':
        return this.#audio(frame);
      case 'audioMetadata':
        return this.#metadata(frame);
      case 'dtmfData':
        return { kind: 'dtmf', tone: frame.tone };
      case 'transcriptionMetadata':
      case 'transcriptionData':
        return ignored('transcription');
      case 'unknown':
        return ignored('unknown kind');
    }
  }

  #metadata(frame: AudioMetadata): DecodedMessage {
    const { sampleRateHz, frameBytes } = AUDIO_FORMATS[this.#format];
    const isAsPlanned =
      (frame.sampleRateHz ?? sampleRateHz) === sampleRateHz &&
      (frame.frameBytes ?? frameBytes) === frameBytes &&
      (frame.channels ?? 1) === 1;
    return isAsPlanned ? { kind: 'metadata' } : ignored('metadata of another format than the plan has');
  }

  #audio(frame: AudioData): DecodedMessage {
    const speaker = this.#speaker(frame.participantRawId);
    if (speaker === undefined) return ignored('too many participants');
    // The time of an unusable frame passes too, so that the gap shows.
    const timestamp = this.#timeline.place(speaker.ssrc, frame.timestampMs);
    const length = frame.data?.byteLength ?? 0;
    if (length === 0 && !frame.silent) return ignored('audio without data');
    const pcm = frame.data === undefined || length === 0 ? this.#silence : frame.data;
    if (pcm.byteLength !== this.#silence.byteLength)
      return ignored('audio of another length than a frame has');
    const { ssrc } = speaker;
    if (ssrc === 0 || this.#announced.has(ssrc)) return { kind: 'frame', ssrc, pcm, timestamp };
    this.#announced.add(ssrc);
    return { kind: 'frame', ssrc, pcm, timestamp, joined: speaker };
  }

  /** Finds the speaker. A frame of a mixed call belongs to everybody, whatever id it has. */
  #speaker(rawId: string | undefined): Participant | undefined {
    if (!this.#isUnmixed || rawId === undefined) return { ssrc: 0, rawId: '' };
    const known = this.#participants.get(rawId);
    if (known !== undefined) return known;
    if (this.#participants.size >= MAX_PARTICIPANTS) return undefined;
    const joined = { ssrc: this.#participants.size + 1, rawId };
    this.#participants.set(rawId, joined);
    return joined;
  }
}

function ignored(reason: string): DecodedMessage {
  return { kind: 'ignored', reason };
}
