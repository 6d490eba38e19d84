import { isSilentLevel, rms } from '../../../phone/level.ts';
import { type StreamFormat, TIMESTAMP_LENGTH, timestamp } from './inbound-codec.ts';

const HEAD = '{"kind":"AudioData","audioData":{"timestamp":"';
const PARTICIPANT = '","participantRawID":';
const DATA = '"data":"';
const SILENT = '","silent":true}}';
const SOUNDING = '","silent":false}}';

/** The template of one speaker's frames, and where in it the parts lie that differ from frame to frame. */
interface Template {
  readonly bytes: Buffer;
  readonly dataAt: number;
}

/**
 * Writes AudioData frames of one stream into buffers that are used again: 50 frames a second of each call are most of
 * what the emulator does, and all but the time, the audio and the flag repeats. Only unmixed audio has a participant;
 * in mixed audio the member is absent, never null (the JavaScript SDK's parser throws on null).
 */
export class AudioFrameWriter {
  readonly #format: StreamFormat;
  readonly #dataLength: number;
  readonly #templates = new Map<string | undefined, Template>();
  /** The flags differ in length, so each speaker has one buffer and frames are views of it. */
  #template: Template | undefined;
  #participant: string | undefined;

  constructor(format: StreamFormat) {
    this.#format = format;
    this.#dataLength = 4 * Math.ceil((format.frameSamples * Int16Array.BYTES_PER_ELEMENT) / 3);
  }

  /**
   * One frame in UTF-8, valid until the next frame of the same participant is written.
   * Throws RangeError for anything but one whole frame of samples.
   */
  write(samples: Int16Array, timestampMs: number, participantRawId: string | undefined): Buffer {
    if (samples.length !== this.#format.frameSamples)
      throw new RangeError(`a frame has ${this.#format.frameSamples} samples, not ${samples.length}`);
    const { bytes, dataAt } = this.#templateOf(participantRawId);
    bytes.write(timestamp(timestampMs), HEAD.length, 'latin1');
    const audio = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    bytes.write(audio.toString('base64'), dataAt, 'latin1');
    const flag = isSilentLevel(rms(samples)) ? SILENT : SOUNDING;
    const flagAt = dataAt + this.#dataLength;
    bytes.write(flag, flagAt, 'latin1');
    return bytes.subarray(0, flagAt + flag.length);
  }

  #templateOf(participantRawId: string | undefined): Template {
    if (this.#template !== undefined && this.#participant === participantRawId) return this.#template;
    const template = this.#templates.get(participantRawId) ?? this.#newTemplate(participantRawId);
    this.#templates.set(participantRawId, template);
    this.#template = template;
    this.#participant = participantRawId;
    return template;
  }

  #newTemplate(participantRawId: string | undefined): Template {
    const participant =
      participantRawId === undefined ? '",' : `${PARTICIPANT}${JSON.stringify(participantRawId)},`;
    const start = Buffer.from(`${HEAD}${' '.repeat(TIMESTAMP_LENGTH)}${participant}${DATA}`);
    const bytes = Buffer.alloc(start.length + this.#dataLength + SOUNDING.length);
    start.copy(bytes);
    return { bytes, dataAt: start.length };
  }
}
