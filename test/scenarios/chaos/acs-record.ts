import { open } from 'node:fs/promises';

/** A call as the stand-in of ACS has it; one that rings or that the application placed has no outcome yet. */
export interface AcsCall {
  readonly id: string;
  readonly state: 'ringing' | 'connecting' | 'connected' | 'disconnecting' | 'disconnected';
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
  /** Some delivery of it was acknowledged. */
  acknowledged: boolean;
}

interface Line {
  readonly kind: string;
  readonly id: string;
  readonly type: string;
  readonly result?: unknown;
  readonly callConnectionId?: string;
}

const READ_BYTES = 256 * 1024;

/** What the stand-in of ACS says of its calls and events: its event log, read as it grows. */
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

  #take(line: Line): void {
    switch (line.kind) {
      case 'call':
        // Lines of one millisecond are sorted: what comes after the end was before it.
        if (this.calls.get(line.id)?.state === 'disconnected') return;
        this.calls.set(line.id, line as unknown as AcsCall);
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
        sent.acknowledged ||= typeof line.result === 'number' && line.result >= 200 && line.result < 300;
        this.events.set(id, sent);
        return;
      }
      default:
    }
  }
}
