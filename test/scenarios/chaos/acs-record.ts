import { open } from 'node:fs/promises';

/** The states of a call in the order in which it has them. */
const STATES = ['ringing', 'connecting', 'connected', 'disconnecting', 'disconnected'] as const;

/** A call as the emulator of ACS has it; one that rings or that the application placed has no outcome yet. */
export interface AcsCall {
  readonly id: string;
  readonly state: (typeof STATES)[number];
  readonly callConnectionId?: string;
  /** State of its media streaming; absent without one. */
  readonly media?: string;
  readonly outcome?: string;
}

/** An event that ACS or Event Grid has sent. */
export interface SentEvent {
  readonly id: string;
  readonly type: string;
  readonly callConnectionId?: string;
  /** Some delivery of it was acknowledged; one of an incoming call, while its telephone rang. */
  acknowledged: boolean;
}

interface Line {
  readonly kind: string;
  readonly id: string;
  readonly type: string;
  readonly result?: unknown;
  /** How old an event of Event Grid was when its delivery ended. */
  readonly ageMs?: number;
  readonly callConnectionId?: string;
}

/** A telephone rings so long; what is delivered after that is dropped. */
export const RINGING_MS = 30_000;

const READ_BYTES = 256 * 1024;

/** What the emulator of ACS says of its calls and events: its event log, read as it grows. */
export class AcsRecord {
  readonly calls = new Map<string, AcsCall>();
  readonly events = new Map<string, SentEvent>();
  readonly #byConnection = new Map<string, string>();
  readonly #path: string;
  #offset = 0;
  #rest = '';
  #reading: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  callOf(callConnectionId: string): AcsCall | undefined {
    return this.calls.get(this.#byConnection.get(callConnectionId) ?? '');
  }

  /** Calls that have not ended. */
  get live(): AcsCall[] {
    return [...this.calls.values()].filter(({ state }) => state !== 'disconnected');
  }

  /** Takes in what was written since the last time. */
  async refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #read(): Promise<void> {
    const file = await open(this.#path);
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        const lines = (this.#rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
        this.#rest = lines.pop() ?? '';
        for (const line of lines) this.#take(JSON.parse(line) as Line);
      }
    } finally {
      await file.close();
    }
  }

  /** No call goes back to an earlier state; but lines of one millisecond are sorted by their text. */
  #takeCall(call: AcsCall): void {
    const known = this.calls.get(call.id);
    if (known !== undefined && STATES.indexOf(call.state) < STATES.indexOf(known.state)) return;
    this.calls.set(call.id, call);
  }

  #take(line: Line): void {
    switch (line.kind) {
      case 'call':
        this.#takeCall(line as unknown as AcsCall);
        if (line.callConnectionId !== undefined) this.#byConnection.set(line.callConnectionId, line.id);
        return;
      case 'callback':
      case 'eventGrid': {
        const { id, type, callConnectionId } = line;
        const sent = this.events.get(id) ?? {
          id,
          type,
          ...(callConnectionId === undefined ? {} : { callConnectionId }),
          acknowledged: false,
        };
        const isLate = type.endsWith('.IncomingCall') && (line.ageMs ?? 0) > RINGING_MS;
        sent.acknowledged ||=
          !isLate && typeof line.result === 'number' && line.result >= 200 && line.result < 300;
        this.events.set(id, sent);
        return;
      }
      default:
    }
  }
}
