import type { ServerResponse } from 'node:http';
import type { Clock } from '../../common/clock.ts';
import type { Call } from '../call/call.ts';

const LEVELS_EVERY_MS = 250;
const MAX_READERS = 32;
/** A reader that is this far behind is let go. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/**
 * Server-sent events for consoles: `call` whenever a call changes, `levels` four times a second for calls that are
 * connected.
 */
export class EventStream {
  readonly #clock: Clock;
  readonly #calls: () => readonly Call[];
  readonly #readers = new Set<ServerResponse>();
  #stopTimer: (() => void) | undefined;

  constructor(clock: Clock, calls: () => readonly Call[]) {
    this.#clock = clock;
    this.#calls = calls;
  }

  /** Takes over the response. False when there are too many readers already. */
  add(response: ServerResponse): boolean {
    if (this.#readers.size >= MAX_READERS) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': connected\n\n');
    for (const call of this.#calls()) response.write(encode('call', summary(call)));
    this.#readers.add(response);
    response.once('close', () => {
      this.#readers.delete(response);
      if (this.#readers.size === 0) this.#stopLevels();
    });
    if (this.#stopTimer === undefined) this.#scheduleLevels();
    return true;
  }

  callChanged(call: Call): void {
    this.#send('call', summary(call));
  }

  /** Ends all streams. Idempotent. */
  close(): void {
    this.#stopLevels();
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }

  #scheduleLevels(): void {
    this.#stopTimer = this.#clock.after(LEVELS_EVERY_MS, () => {
      for (const call of this.#calls())
        if (call.state === 'connected') this.#send('levels', { id: call.ids.id, ...call.meter.levels() });
      this.#scheduleLevels();
    });
  }

  #stopLevels(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #send(name: string, data: unknown): void {
    const text = encode(name, data);
    for (const reader of this.#readers) {
      if (reader.writableLength > MAX_BACKLOG_BYTES) reader.destroy();
      else reader.write(text);
    }
  }
}

function encode(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function summary(call: Call): Record<string, unknown> {
  return {
    id: call.ids.id,
    state: call.state,
    from: call.from.rawId,
    to: call.to.rawId,
    callConnectionId: call.connection?.callConnectionId,
    mediaState: call.connection?.subscription?.state,
    outcome: call.endedAtMs === undefined ? undefined : call.outcome,
  };
}
