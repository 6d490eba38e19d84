/** How long samples take to be heard, in milliseconds. @throws RangeError for a rate that is not above zero */
export function promptLengthMs(samples: number, sampleRateHz: number): number {
  if (!(sampleRateHz > 0)) throw new RangeError(`a sample rate must be above 0 Hz, not ${sampleRateHz}`);
  return (samples * 1000) / sampleRateHz;
}
