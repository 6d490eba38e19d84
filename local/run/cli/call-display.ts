/** Calls on the terminal: a line that moves while each lasts, and how it went at its end. */
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { seconds } from '../client/words.ts';

/** Where lines go. A terminal overwrites its last line; elsewhere each change of a call's state is a line. */
interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const BARS = '▁▂▃▄▅▆▇█';
/** The level below which nothing is shown, in dB of full scale. */
const FLOOR_DB = -60;
/** Levels that a meter shows, the newest at its right. */
const METER_LENGTH = 12;

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
    for (const id of this.#meters.keys()) if (!live.some((call) => call.id === id)) this.#meters.delete(id);
  }

  /** Leaves the moving line and writes one that stays. */
  print(text: string): void {
    this.#screen.write(`${this.#screen.isTTY === true ? CLEAR_LINE : ''}${text}\n`);
  }

  #line(call: TelephoneReport): string {
    const meter = this.#meters.get(call.id) ?? new LiveMeter();
    this.#meters.set(call.id, meter);
    return meter.line(call);
  }

  #showChange(call: TelephoneReport): void {
    const state = liveState(call);
    if (this.#states.get(call.id) === state) return;
    this.#states.set(call.id, state);
    this.#screen.write(`${shortName(call.id)}  ${state}\n`);
  }
}

/** Keeps the last levels of a call, in dB of full scale, and writes its line. */
class LiveMeter {
  #said = '';
  #heard = '';

  line(call: TelephoneReport): string {
    const { saidDbfs, heardDbfs } = call.levels;
    this.#said = (this.#said + levelBar(saidDbfs)).slice(-METER_LENGTH);
    this.#heard = (this.#heard + levelBar(heardDbfs)).slice(-METER_LENGTH);
    const meters = `says ${this.#said.padStart(METER_LENGTH)}  hears ${this.#heard.padStart(METER_LENGTH)}`;
    const lasted = seconds(Date.now() - Date.parse(call.ringingAt)).padStart(8);
    return `${shortName(call.id)}  ${liveState(call).padEnd(12)} ${lasted}  ${meters}`;
  }
}

function levelBar(dbfs: number): string {
  const step = Math.floor(((dbfs - FLOOR_DB) / -FLOOR_DB) * BARS.length);
  return BARS[Math.max(0, Math.min(BARS.length - 1, step))] ?? ' ';
}

/** "connected", or "streaming" while its audio streams. */
function liveState({ state, mediaSubscription }: TelephoneReport): string {
  return state === 'connected' && mediaSubscription?.state === 'active' ? 'streaming' : state;
}

export function shortName(id: string): string {
  return `call ${id.slice(0, 8)}`;
}
