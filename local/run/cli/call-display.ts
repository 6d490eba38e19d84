/** Calls on the terminal: a line that moves while each lasts, and how it went at its end. */
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { LiveMeter } from './live.ts';

/** Where lines go. A terminal overwrites its last line; elsewhere each change of a call's state is a line. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\u001b[2K';

export class CallDisplay {
  readonly #screen: Screen;
  readonly #meters = new Map<string, LiveMeter>();
  readonly #states = new Map<string, string>();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Shows how the calls stand now. */
  show(calls: readonly TelephoneReport[]): void {
    const live = calls.filter((call) => call.state !== 'disconnected');
    if (this.#screen.isTTY === true) {
      const lines = live.map((call) => this.#line(call));
      // One line is all that can be written over without taking the terminal from the user.
      const more = lines.length > 1 ? `  (and ${lines.length - 1} more)` : '';
      this.#screen.write(CLEAR_LINE + (lines.at(-1) ?? '') + more);
    } else {
      for (const call of calls) this.#showChange(call);
    }
    for (const id of this.#meters.keys()) {
      if (!live.some((call) => call.id === id)) this.#meters.delete(id);
    }
  }

  /** Leaves the moving line and writes one that stays. */
  print(text: string): void {
    this.#screen.write(`${this.#screen.isTTY === true ? CLEAR_LINE : ''}${text}\n`);
  }

  #line(call: TelephoneReport): string {
    const meter = this.#meters.get(call.id) ?? new LiveMeter();
    this.#meters.set(call.id, meter);
    return meter.line({
      name: shortName(call.id),
      state: liveState(call),
      forMs: Date.now() - Date.parse(call.ringingAt),
      ...call.levels,
    });
  }

  #showChange(call: TelephoneReport): void {
    const state = liveState(call);
    if (this.#states.get(call.id) === state) return;
    this.#states.set(call.id, state);
    this.#screen.write(`${shortName(call.id)}  ${state}\n`);
  }
}

/** "connected", or "streaming" while its audio streams. */
function liveState({ state, mediaSubscription }: TelephoneReport): string {
  return state === 'connected' && mediaSubscription?.state === 'active' ? 'streaming' : state;
}

export function shortName(id: string): string {
  return `call ${id.slice(0, 8)}`;
}
