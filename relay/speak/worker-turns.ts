/**
 * How long one worker lets the caller wait: from the end of the caller's speech to the first audio of the worker
 * after it. Pure: time is a parameter.
 *
 *     idle ──somebody stops speaking──▶ waiting ──first audio──▶ idle: answered
 *      ▲                                   │
 *      └──somebody speaks again, the worker leaves, the stream ends: unanswered
 */
import { type LatencyReport, LatencyStats } from '../base/latency-stats.ts';

/** How many of a worker's last turns its report lists. */
const MAX_TOLD_TURNS = 50;

interface TurnReport {
  /** The worker's turn in which the caller stopped speaking. */
  readonly turn: number;
  /** Missing when the worker said nothing before somebody spoke again or the stream ended. */
  readonly latencyMs?: number;
}

export interface WorkerTurnsReport {
  /** Times that the caller stopped speaking and the worker could have answered. */
  readonly turns: number;
  readonly turnsAnswered: number;
  /** From the end of the caller's speech to the first audio of the answer, over the answered turns. */
  readonly speechLatencyMs: LatencyReport;
  readonly lastTurns: readonly TurnReport[];
}

/** Follows the turns of a worker. */
export interface TurnObserver {
  /** Somebody stopped speaking at `endedAtMs`, some time ago, on the clock's `elapsedMs`. */
  began(turn: number, endedAtMs: number): void;
  answered(latencyMs: number): void;
  /** No answer can come any more. */
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

  /** Somebody stopped speaking at `endedAtMs`. A participant who stopped earlier waits for the same answer. */
  speechEnded(turn: number, endedAtMs: number): void {
    if (this.#waiting !== undefined) this.#giveUp(this.#waiting);
    this.#waiting = { turn, sinceMs: endedAtMs };
    this.#turns += 1;
    this.#observer.began(turn, endedAtMs);
  }

  /** Audio of the worker goes to ACS. */
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

  /** Somebody speaks, or the worker has left. */
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
