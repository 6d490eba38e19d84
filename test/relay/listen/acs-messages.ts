/** Messages as ACS sends them, written out here and not by the product. */
import { AUDIO_FORMATS, type AudioFormat } from '../../../shared/audio/audio-format.ts';

export function audioMetadata(sampleRate = 16_000, length = 640): Buffer {
  const subscriptionId = '89e8cb59-b991-48b0-b154-1db84f16a077';
  return json({
    kind: 'AudioMetadata',
    audioMetadata: { subscriptionId, encoding: 'PCM', sampleRate, channels: 1, length },
  });
}

export interface AudioOptions {
  readonly participantRawID?: string;
  readonly timestamp?: string;
  readonly silent?: boolean;
}

export function audioData(pcm: Uint8Array, options: AudioOptions = {}): Buffer {
  const data = Buffer.from(pcm).toString('base64');
  return json({ kind: 'AudioData', audioData: { data, silent: false, ...options } });
}

export function dtmf(key: string): Buffer {
  return json({ kind: 'DtmfData', dtmfData: { data: key } });
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** 20 ms, all of whose bytes have this value. */
export function frame(value: number, format: AudioFormat = 'pcm16KMono'): Uint8Array {
  return new Uint8Array(AUDIO_FORMATS[format].frameBytes).fill(value);
}

/** The audio of a message to ACS, or undefined for another message. */
export function heardAudio(text: string): Buffer | undefined {
  const message = JSON.parse(text) as { kind?: string; audioData?: { data?: string } };
  return message.kind === 'AudioData' ? Buffer.from(message.audioData?.data ?? '', 'base64') : undefined;
}
