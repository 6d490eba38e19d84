/**
 * How long one worker lets the caller wait: from the end of what he said to the first of the worker's audio that goes out after it.
 *
 *     idle ──somebody has finished to speak──▶ waiting ──first audio──▶ idle: answered
 *      ▲                                         │
 *      └──somebody speaks again, the worker leaves, the stream ends: unanswered──┘
 *
 * Whoever calls says what time it is; nothing here waits.
 */
import { type LatencyReport, LatencyStats } from '../base/latency-stats.ts';

/** Turns of a worker that its report tells singly, the last ones. */
export const MAX_TOLD_TURNS = 50;

export interface TurnReport {
  /** The turn of the worker in which the caller had finished. */
  readonly turn: number;
  /** Absent: the worker said nothing before somebody spoke again or the stream ended. */
  readonly latencyMs?: number;
}

export interface WorkerTurnsReport {
  /** Times that the caller had finished and the worker could have answered. */
  readonly turns: number;
  readonly turnsAnswered: number;
  /** From the end of the caller's speech to the first audio of the answer, over the answered turns. */
  readonly speechLatencyMs: LatencyReport;
  readonly lastTurns: readonly TurnReport[];
}

/** Who follows the turns of a worker. */
export interface TurnObserver {
  /** Somebody has finished to speak: at `endedAtMs`, some time ago, on the clock of the relay. */
  began(turn: number, endedAtMs: number): void;
  answered(latencyMs: number): void;
  /** There is no answer to be expected any more. */
  gaveUp(): void;
}

interface Waiting {
  readonly turn: number;
  readonly sinceMs: number;
}

export class WorkerTurns {
  readonly #observer: TurnObserver;
  readonly #latencies = new LatencyStats();
  readonly #last: TurnReport[] = [];
  #waiting: Waiting | undefined;
  #turns = 0;
  #answered = 0;

  constructor(observer: TurnObserver) {
    this.#observer = observer;
  }

  /** Somebody has finished to speak, at `endedAtMs`. One who finished a little earlier has been waiting for the same answer. */
  speechEnded(turn: number, endedAtMs: number): void {
    if (this.#waiting !== undefined) this.#giveUp(this.#waiting);
    this.#waiting = { turn, sinceMs: endedAtMs };
    this.#turns += 1;
    this.#observer.began(turn, endedAtMs);
  }

  /** Audio of the worker goes out. */
  heard(nowMs: number): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    const latencyMs = Math.max(0, nowMs - waiting.sinceMs);
    this.#answered += 1;
    this.#latencies.add(latencyMs);
    this.#tell({ turn: waiting.turn, latencyMs: Math.round(latencyMs) });
    this.#observer.answered(latencyMs);
  }

  /** Somebody speaks, or the worker is not heard any more. */
  stop(): void {
    if (this.#waiting !== undefined) this.#giveUp(this.#waiting);
    this.#waiting = undefined;
  }

  report(): WorkerTurnsReport {
    return {
      turns: this.#turns,
      turnsAnswered: this.#answered,
      speechLatencyMs: this.#latencies.report(),
      lastTurns: [...this.#last],
    };
  }

  #giveUp({ turn }: Waiting): void {
    this.#tell({ turn });
    this.#observer.gaveUp();
  }

  #tell(turn: TurnReport): void {
    this.#last.push(turn);
    if (this.#last.length > MAX_TOLD_TURNS) this.#last.shift();
  }
}
