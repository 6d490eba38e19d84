import { StreamingData } from '@azure/communication-call-automation';
import { describe, expect, it } from 'vitest';
import { AudioFrameWriter } from '../../../../../local/emulators/acs/media/audio-frame-writer.ts';
import { audioMetadataFrame, dtmfDataFrame } from '../../../../../local/emulators/acs/media/inbound-codec.ts';
import { tone } from '../../../../support/signals.ts';

const AT = Date.parse('2024-11-15T19:16:12.925Z');

function audioDataFrame(samples: Int16Array, participantRawId: string | undefined): string {
  const format = { sampleRateHz: samples.length * 50, frameSamples: samples.length };
  return new AudioFrameWriter(format).write(samples, AT, participantRawId).toString();
}

describe('what the emulator sends to the application', () => {
  it('begins with the metadata of the quickstart', () => {
    const id = '89e8cb59-b991-48b0-b154-1db84f16a077';
    expect(audioMetadataFrame(id, { sampleRateHz: 16_000, frameSamples: 320 })).toBe(
      `{"kind":"AudioMetadata","audioMetadata":{"subscriptionId":"${id}","encoding":"PCM","sampleRate":16000,"channels":1,"length":640}}`,
    );
    expect(JSON.parse(audioMetadataFrame(id, { sampleRateHz: 24_000, frameSamples: 480 }))).toMatchObject({
      audioMetadata: { sampleRate: 24_000, length: 960 },
    });
  });

  it('names the participant in unmixed audio', () => {
    expect(audioDataFrame(Int16Array.of(1, -2, 32_767), '8:acs:someone')).toBe(
      '{"kind":"AudioData","audioData":{"timestamp":"2024-11-15T19:16:12.925Z","participantRawID":"8:acs:someone","data":"AQD+//9/","silent":false}}',
    );
  });

  it('has no participant, not even null, in mixed audio', () => {
    const frame = audioDataFrame(Int16Array.of(1, -2, 32_767), undefined);
    expect(Object.keys(JSON.parse(frame).audioData)).toEqual(['timestamp', 'data', 'silent']);
  });

  it('flags a frame as silent by its level and sends its samples all the same', () => {
    const quiet = tone(320, 16_000, 440).map((sample) => sample / 1_000);
    const frame = JSON.parse(audioDataFrame(quiet, undefined));
    expect(frame.audioData.silent).toBe(true);
    expect(frame.audioData.data).toHaveLength(856);
    expect(JSON.parse(audioDataFrame(tone(320, 16_000, 440), undefined)).audioData.silent).toBe(false);
  });

  it('sends the character of a key', () => {
    expect(dtmfDataFrame('3')).toBe('{"kind":"DtmfData","dtmfData":{"data":"3"}}');
    expect(dtmfDataFrame('#')).toBe('{"kind":"DtmfData","dtmfData":{"data":"#"}}');
    expect(() => dtmfDataFrame('pound')).toThrow('a DTMF key is one of 0-9, A-D, * and #, not "pound"');
  });

  it('is parsed by the JavaScript SDK', () => {
    const metadata = audioMetadataFrame('id', { sampleRateHz: 24_000, frameSamples: 480 });
    expect(StreamingData.parse(metadata)).toMatchObject({
      subscriptionId: 'id',
      sampleRate: 24_000,
      channels: 1,
    });
    expect(StreamingData.getStreamingKind()).toBe('AudioMetadata');
    expect(StreamingData.parse(audioDataFrame(Int16Array.of(1, -2, 32_767), '4:+14255550123'))).toMatchObject(
      {
        data: 'AQD+//9/',
        timestamp: new Date(AT).toISOString(),
        isSilent: false,
        participant: { phoneNumber: '+14255550123' },
      },
    );
    expect(StreamingData.parse(dtmfDataFrame('*'))).toMatchObject({ data: '*' });
  });
});
