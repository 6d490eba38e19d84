import { describe, expect, it } from 'vitest';
import { murmur, Speech } from '../../../local/phone/speech.ts';
import { writeWav } from '../../../shared/audio/wav.ts';
import { tone } from '../../support/signals.ts';

const MAX_TEXT_LENGTH = 2_000;

const WAV = Buffer.from(writeWav(tone(800, 8_000, 440), 8_000)).toString('base64');

/** A synthesizer that notes nothing and writes this WAV once it has read its text, which must be the expected one. */
function synthesizer(expected: string): { command: string; args: string[] } {
  const script = `
    let text = '';
    process.stdin.on('data', (chunk) => { text += chunk; });
    process.stdin.on('end', () => {
      if (text !== ${JSON.stringify(expected)}) process.exit(3);
      process.stdout.write(Buffer.from(${JSON.stringify(WAV)}, 'base64'));
    });`;
  return { command: process.execPath, args: ['-e', script] };
}

describe('saying a text', () => {
  it('asks the synthesizer, to whom no character means anything but itself', async () => {
    const text = '--help "; rm -rf / #\n$(reboot)';
    const warnings: string[] = [];
    const speech = new Speech({ ...synthesizer(text), warn: (sentence) => warnings.push(sentence) });
    expect(await speech.say(text)).toEqual({ samples: tone(800, 8_000, 440), sampleRateHz: 8_000 });
    expect(warnings).toEqual([]);
  });

  it('murmurs where there is no synthesizer, and says so once', async () => {
    const warnings: string[] = [];
    const speech = new Speech({
      command: 'no-such-synthesizer',
      warn: (sentence) => warnings.push(sentence),
    });
    expect(await speech.say('one')).toEqual(murmur('one'));
    expect(await speech.say('two')).toEqual(murmur('two'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('no-such-synthesizer');
  });

  it('murmurs where the synthesizer fails', async () => {
    const warnings: string[] = [];
    const speech = new Speech({
      ...synthesizer('something else'),
      warn: (sentence) => warnings.push(sentence),
    });
    expect(await speech.say('one')).toEqual(murmur('one'));
    expect(warnings).toEqual([expect.stringContaining('exit status 3')]);
  });

  it('refuses nothing, and too much', async () => {
    const speech = new Speech();
    await expect(speech.say('  ')).rejects.toThrow('a text to say has 1 to 2000 characters');
    await expect(speech.say('a'.repeat(MAX_TEXT_LENGTH + 1))).rejects.toThrow('not 2001');
  });
});

describe('the murmur of a text', () => {
  it('is the same for the same text, another for another, and pauses between words', () => {
    expect(murmur('good day')).toEqual(murmur('good day'));
    expect(murmur('good day').samples).not.toEqual(murmur('good dog').samples);
    const { samples, sampleRateHz } = murmur('a b');
    const third = samples.length / 3;
    expect(samples.subarray(third, 2 * third).every((sample) => sample === 0)).toBe(true);
    expect(samples.subarray(0, third).some((sample) => sample > 4_000)).toBe(true);
    expect(third / sampleRateHz).toBeCloseTo(0.06);
  });
});
