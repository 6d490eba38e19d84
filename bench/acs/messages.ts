/** What the measuring process and the emulator's process tell each other. */

export interface MeasureRequest {
  readonly type: 'measure';
  readonly url: string;
  readonly calls: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** One round, as the emulator's process saw it. Times in milliseconds unless the name says otherwise. */
export interface Measured {
  readonly type: 'measured';
  readonly calls: number;
  readonly latenessMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly frames: number;
  /** Frames thrown away since the application did not read. */
  readonly dropped: number;
  /** Frames of audio that came back and were heard. */
  readonly heardFrames: number;
  readonly cpuMicrosecondsPerFrame: number;
  /** Share of one core that the process used. */
  readonly cpuShare: number;
  /** Share of the time that the event loop was busy. */
  readonly loopShare: number;
  readonly longestGcMs: number;
  /**
   * Share of the time in which the process could have run and another one had the core; undefined where the system does
   * not tell.
   */
  readonly waitedShare?: number | undefined;
}

export interface Failed {
  readonly type: 'failed';
  readonly message: string;
}
