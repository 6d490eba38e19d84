import type { Audio } from '../../phone/wav.ts';

/** A recording as the control surface of the ACS stand-in sends it: samples as they are, the rate in a header. */
export async function readRecording(response: Response): Promise<Audio> {
  const bytes = await response.arrayBuffer();
  return { samples: new Int16Array(bytes), sampleRateHz: Number(response.headers.get('x-sample-rate-hz')) };
}
