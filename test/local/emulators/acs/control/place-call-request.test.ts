import { describe, expect, it } from 'vitest';
import { readPlaceCall } from '../../../../../local/emulators/acs/control/place-call-request.ts';
import { writeWav } from '../../../../../shared/audio/wav.ts';

const CALL = '{"from": "+14255550123", "to": "+14255550100", "tailMs": 300}';
const SAMPLES = Int16Array.of(1, -2, 300);

/** A form as `curl -F` or a browser sends it. */
async function read(parts: Record<string, string | Uint8Array<ArrayBuffer>>) {
  const form = new FormData();
  for (const [name, part] of Object.entries(parts))
    form.set(name, typeof part === 'string' ? part : new Blob([part]));
  const request = new Request('http://127.0.0.1/', { method: 'POST', body: form });
  const body = Buffer.from(await request.arrayBuffer());
  return readPlaceCall(body, request.headers.get('content-type') ?? '');
}

describe('a call placed by a form', () => {
  it('says what is in its WAV file, at the rate of that file', async () => {
    const { phone, ...call } = await read({ call: CALL, speech: writeWav(SAMPLES, 44_100) });
    expect(phone).toMatchObject({ speech: { samples: SAMPLES, sampleRateHz: 44_100 }, tailMs: 300 });
    expect(call).toMatchObject({ from: '+14255550123', to: '+14255550100' });
  });

  it('says nothing without one', async () => {
    expect((await read({ call: CALL })).phone).toMatchObject({ speech: undefined, tailMs: 300 });
  });

  it.each<[string, Record<string, string | Uint8Array<ArrayBuffer>>, string]>([
    ['no call', { speech: writeWav(SAMPLES, 16_000) }, 'The form has no part call'],
    [
      'a call that is not JSON',
      { call: '{from' },
      'The request body is not JSON: it breaks off at line 1, column 2',
    ],
    ['a call without numbers', { call: '{}' }, 'The field from'],
    [
      'a file name in the place of a file',
      { call: CALL, speech: 'hello.wav' },
      'with curl: -F speech=@hello.wav',
    ],
    ['an MP3 file', { call: CALL, speech: Buffer.from('ID3 and more of it') }, 'The part speech: '],
  ])('is refused with %s, and told why', async (_, parts, why) => {
    await expect(read(parts)).rejects.toThrow(why);
  });

  it('is refused when the form breaks off', async () => {
    const body = Buffer.from('--x\r\nContent-Disposition: form-data; name="call"\r\n\r\n{');
    await expect(readPlaceCall(body, 'multipart/form-data; boundary=x')).rejects.toThrow('is not a form');
  });
});
