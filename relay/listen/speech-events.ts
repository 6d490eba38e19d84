/** The port by which the listening side tells the rest of a session who begins to speak and who has finished. */
export interface SpeechListener {
  /**
   * A participant speaks. `ssrc`: his number, 0 when the call is mixed. `timestamp`: his first sample of speech, in samples
   * since the stream's start; it lies in the past by what it took to be sure (`latencyMs`, at least the shortest speech
   * that counts).
   */
  onSpeechStarted(ssrc: number, timestamp: number, latencyMs: number): void;
  /**
   * He has been silent for as long as ends an utterance. `timestamp`: the sample after his last sample of speech;
   * `durationMs`: from his first sample of speech to there. Every start is followed by one end, at the latest when the stream ends.
   */
  onSpeechEnded(ssrc: number, timestamp: number, durationMs: number): void;
}
