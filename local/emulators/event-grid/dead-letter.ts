import { appendFile } from 'node:fs/promises';
import { type EventGridEvent, type EventSchema, eventTime, toCloudEvent } from './event.ts';
import type { AttemptResult, DeadLetterReason } from './retry-policy.ts';

export interface Attempt {
  readonly atMs: number;
  readonly result: AttemptResult;
}

/** An event that was given up. */
export interface DeadLetter {
  readonly subscription: string;
  readonly event: EventGridEvent;
  readonly reason: DeadLetterReason | 'NotValidated';
  readonly publishedMs: number;
  readonly attempts: readonly Attempt[];
}

/** Outcomes of a last attempt in the service's words, where they are known; else `GenericError`. */
const OUTCOMES: ReadonlyMap<AttemptResult, string> = new Map<AttemptResult, string>([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [408, 'TimedOut'],
  ['timeout', 'TimedOut'],
  [413, 'PayloadTooLarge'],
  [503, 'Busy'],
]);

/**
 * A dead letter as the service stores it: the event with what became of it beside its own members; in lower case in the
 * CloudEvents schema (Event Grid, "Dead-letter events").
 */
export function encodeDeadLetter(letter: DeadLetter, schema: EventSchema): string {
  const { event, attempts } = letter;
  const last = attempts.at(-1);
  const fate = {
    deadLetterReason: reasonOf(letter),
    deliveryAttempts: attempts.length,
    lastDeliveryOutcome: last === undefined ? 'NotValidated' : (OUTCOMES.get(last.result) ?? 'GenericError'),
    ...(typeof last?.result === 'number' ? { lastHttpStatusCode: last.result } : {}),
    publishTime: eventTime(letter.publishedMs),
    ...(last === undefined ? {} : { lastDeliveryAttemptTime: eventTime(last.atMs) }),
  };
  switch (schema) {
    case 'EventGridSchema':
      return JSON.stringify({ ...event, ...fate });
    case 'CloudEventSchemaV1_0':
      return JSON.stringify({
        ...toCloudEvent(event),
        ...Object.fromEntries(Object.entries(fate).map(([name, value]) => [name.toLowerCase(), value])),
      });
  }
}

/** Appends dead letters to a file, one after another. */
export class DeadLetterFile {
  readonly #path: string;
  readonly #onError: (sentence: string) => void;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string, onError: (sentence: string) => void) {
    this.#path = path;
    this.#onError = onError;
  }

  append(line: string): void {
    this.#last = this.#last
      .then(() => appendFile(this.#path, `${line}\n`))
      .catch((error: unknown) =>
        this.#onError(`a dead letter could not be written to ${this.#path}: ${String(error)}`),
      );
  }

  /** Resolves when everything appended so far has been written. */
  written(): Promise<void> {
    return this.#last;
  }
}

function reasonOf({ reason, attempts }: DeadLetter): string {
  if (reason === 'NotRetried' && attempts.at(-1)?.result === 400) return 'UndeliverableDueToHttpBadRequest';
  return reason;
}
