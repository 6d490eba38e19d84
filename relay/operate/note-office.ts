/** Has the texts of all workers of a relay entered in the timelines of their calls, and counts those that are lost. */

import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import type { WorkerNote } from '../../shared/call/notes.ts';
import type { VerifiedTicket } from '../../shared/wire/signed/ticket.ts';
import { ReasonCounter } from '../base/reason-counter.ts';
import { CallNotes, type NoteLoss } from './call-notes.ts';
import type { ControlAppClient } from './control-app.ts';

/** Texts of all calls that wait: at most 6 MB. */
export const MAX_WAITING_IN_ALL = 2_000;
/** Requests that are under way at the same time. The others wait for one of them. */
export const MAX_UNDER_WAY = 16;

export interface NoteTotals {
  readonly stored: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

interface NoteOfficeOptions {
  /** Undefined where the relay does not know the control app: every text is dropped then. */
  readonly controlApp: Pick<ControlAppClient, 'enterNotes'> | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

type NotedCall = Pick<VerifiedTicket, 'callId' | 'ticketKey' | 'plan'>;

export class NoteOffice {
  readonly #options: NoteOfficeOptions;
  readonly #dropped = new ReasonCounter();
  /** Requests that wait for another one to end, the first to come first. */
  readonly #queue: (() => void)[] = [];
  readonly #idle: (() => void)[] = [];
  #underWay = 0;
  #waiting = 0;
  #stored = 0;

  constructor(options: NoteOfficeOptions) {
    this.#options = options;
  }

  get totals(): NoteTotals {
    return { stored: this.#stored, dropped: this.#dropped.toRecord() };
  }

  /** For one stream of a call. */
  open({ plan, ...call }: NotedCall, log: Logger): CallNotes {
    const { clock, random } = this.#options;
    const losses = new ReasonCounter();
    const desk = {
      take: () => this.#take(),
      settle: (count: number) => this.#settle(count),
      drop: (reason: NoteLoss, count: number) => {
        this.#dropped.add(reason, count);
        losses.add(reason);
        if (losses.isFirst(reason)) log.warn({ reason }, 'a text of a worker is not in the timeline');
      },
      send: (notes: readonly WorkerNote[]) => this.#send(call, notes),
    };
    return new CallNotes({ desk, storesTranscripts: plan.storeTranscripts === true, clock, random });
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    if (this.#waiting === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    await promise;
  }

  #take(): NoteLoss | undefined {
    if (this.#options.controlApp === undefined) return 'no control app';
    if (this.#waiting >= MAX_WAITING_IN_ALL) return 'too many waiting';
    this.#waiting += 1;
    return undefined;
  }

  #settle(count: number): void {
    this.#waiting -= count;
    if (this.#waiting === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #send(
    call: Pick<NotedCall, 'callId' | 'ticketKey'>,
    notes: readonly WorkerNote[],
  ): Promise<number | 'refused' | 'failed'> {
    const { controlApp } = this.#options;
    if (controlApp === undefined) return 'refused';
    if (this.#underWay < MAX_UNDER_WAY) this.#underWay += 1;
    else {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#queue.push(resolve);
      await promise;
    }
    const outcome = await controlApp.enterNotes(call, notes);
    // The next request has the place of this one.
    const next = this.#queue.shift();
    if (next === undefined) this.#underWay -= 1;
    else next();
    if (typeof outcome === 'number') this.#stored += outcome;
    return outcome;
  }
}
