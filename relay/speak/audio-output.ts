/** Where the audio of a call goes: ACS, which plays what it is given in real time, one piece after the other. */
export interface AudioOutput {
  /** Plays PCM16 in the call's format after everything that waits. The caller may reuse the memory afterwards. */
  play(pcm: Uint8Array): void;
  /** Drops all audio that ACS has and has not played. */
  stopAudio(): void;
  /** Bytes that are written and that the operating system has not taken yet. */
  bufferedBytes(): number;
}
