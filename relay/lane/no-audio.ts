import type { WorkerAudio } from '../listen/worker-audio.ts';

/** The audio of a lane on which none travels, since it goes another way. */
export class NoAudio implements WorkerAudio {
  readonly queuedBytes = 0;
  readonly #droppedMs: () => number;

  /** @param droppedMs what was lost on the other way */
  constructor(droppedMs: () => number) {
    this.#droppedMs = droppedMs;
  }

  get droppedMs(): number {
    return this.#droppedMs();
  }

  push(): void {}
  advance(): void {}
  take(): undefined {}
  takeRest(): undefined {}
  lost(): void {}
  discard(): void {}
}
