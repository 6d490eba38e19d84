import type { Clock } from '../../common/clock.ts';

/** One thing that happened: its kind and the ids of what it happened to. Never a secret, audio or a phone number. */
interface EventLogEntry {
  readonly kind: 'call' | 'rest' | 'callback' | 'eventGrid' | 'fault';
  readonly [member: string]: string | number | boolean | undefined;
}

export type RecordEntry = (entry: EventLogEntry) => void;

/**
 * Writes what happens as JSON lines, each with `atMs` since the log began. The lines of one millisecond are sorted,
 * since their order is that of the network: so the same script on the same clock gives the same bytes.
 */
export class EventLog {
  readonly #clock: Clock;
  readonly #write: (line: string) => void;
  readonly #startedMs: number;
  #atMs = 0;
  #lines: string[] = [];
  #cancel: (() => void) | undefined;

  /** @param write is given one line, without its line end */
  constructor(clock: Clock, write: (line: string) => void) {
    this.#clock = clock;
    this.#write = write;
    this.#startedMs = clock.now();
  }

  readonly record: RecordEntry = (entry) => {
    const atMs = Math.round(this.#clock.now() - this.#startedMs);
    if (atMs !== this.#atMs) this.flush();
    this.#atMs = atMs;
    this.#lines.push(JSON.stringify({ atMs, ...entry }));
    this.#cancel ??= this.#clock.after(1, () => this.flush());
  };

  /** Writes what is kept back. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const line of this.#lines.sort()) this.#write(line);
    this.#lines = [];
  }
}

const NO_ANSWER: Readonly<Record<string, string>> = {
  timeout: 'no answer in time',
  unreachable: 'not reached',
};

/** A line for people about what was sent and what went wrong on purpose; undefined for what other lines tell. */
export function entryInWords(entry: EventLogEntry): string | undefined {
  const { kind, type, attempts, result, subscription, callConnectionId, on, fault } = entry;
  const answer = NO_ANSWER[String(result)] ?? result;
  switch (kind) {
    case 'callback':
      return `callback ${type} of ${callConnectionId}: ${answer}${attempts === 1 ? '' : `, attempt ${attempts}`}`;
    case 'eventGrid':
      return `Event Grid ${type} to ${subscription}: ${answer}`;
    case 'fault':
      return `injected ${on}.${fault}`;
    case 'call':
    case 'rest':
      return undefined;
  }
}
