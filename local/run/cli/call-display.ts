/** Calls on the terminal: a line that moves while each lasts, and how it went at its end. */
import type { CallReport as TelephoneReport } from '../../emulators/acs/control/call-report.ts';
import { partyOf } from '../client/report.ts';
import { seconds } from '../client/words.ts';

/** Where lines go. A terminal overwrites its last line; elsewhere each change of a call's state is a line. */
interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BARS = '▁▂▃▄▅▆▇█';
/** The level below which nothing is shown, in dB of full scale. */
const FLOOR_DB = -60;
/** Levels that a meter shows, the newest at its right. */
const METER_LENGTH = 12;
const DEFAULT_COLUMNS = 80;

const CLEAR_LINE = '\r\u001b[2K';

export class CallDisplay {
  readonly #screen: Screen;
  readonly #meters = new Map<string, LiveMeter>();
  readonly #states = new Map<string, string>();
  /** The ids that the API gives to the calls of the emulator. */
  readonly #callIds = new Map<string, string>();
  #doing = '';

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** The control app knows the call, under the id that the API takes. The call is shown under it from now on. */
  begin({ id, from, to }: Pick<TelephoneReport, 'id' | 'from' | 'to'>, callId: string): void {
    if (this.#callIds.has(id)) return;
    this.#callIds.set(id, callId);
    this.print(`call ${callId}  from ${partyOf(from)} to ${partyOf(to)}`);
  }

  /** Shows how the calls stand now. */
  show(calls: readonly TelephoneReport[]): void {
    const live = calls.filter((call) => call.state !== 'disconnected');
    if (this.#screen.isTTY === true) {
      const lines = live.map((call) => this.#line(call));
      // One line is all that can be written over without taking the terminal from the user.
      const more = lines.length > 1 ? `  (and ${lines.length - 1} more)` : '';
      this.#overwrite(lines.at(-1) ?? '', more);
    } else {
      for (const call of calls) this.#showChange(call);
    }
    for (const id of this.#meters.keys()) if (!live.some((call) => call.id === id)) this.#meters.delete(id);
  }

  /** What the command is doing, and how far it is: one line that is written over, or a line for each thing it does. */
  progress(what: string, howFar = ''): void {
    if (this.#screen.isTTY === true) this.#overwrite(what, howFar === '' ? '' : ` ${howFar}`);
    else if (what !== this.#doing) this.#screen.write(`${what}\n`);
    this.#doing = what;
  }

  /** Leaves the moving line and writes one that stays. */
  print(text: string): void {
    this.#screen.write(`${this.#screen.isTTY === true ? CLEAR_LINE : ''}${text}\n`);
  }

  /** As the API names it, shortened; by its telephones where the API does not know it. */
  shortName({ id, from, to }: Pick<TelephoneReport, 'id' | 'from' | 'to'>): string {
    const callId = this.#callIds.get(id);
    return callId === undefined ? `call ${partyOf(from)} → ${partyOf(to)}` : `call ${callId.slice(0, 8)}`;
  }

  /** A line that is longer than the terminal would wrap, and could not be written over. The end of it stays. */
  #overwrite(line: string, end: string): void {
    const room = (this.#screen.columns ?? DEFAULT_COLUMNS) - 1 - end.length;
    this.#screen.write(CLEAR_LINE + [...line].slice(0, Math.max(0, room)).join('') + end);
  }

  #line(call: TelephoneReport): string {
    const meter = this.#meters.get(call.id) ?? new LiveMeter();
    this.#meters.set(call.id, meter);
    return meter.line(this.shortName(call), call);
  }

  #showChange(call: TelephoneReport): void {
    const state = liveState(call);
    if (this.#states.get(call.id) === state) return;
    this.#states.set(call.id, state);
    this.#screen.write(`${this.shortName(call)}  ${state}\n`);
  }
}

/** Keeps the last levels of a call, in dB of full scale, and writes its line. */
class LiveMeter {
  #said = '';
  #heard = '';

  line(name: string, call: TelephoneReport): string {
    const { saidDbfs, heardDbfs } = call.levels;
    this.#said = (this.#said + levelBar(saidDbfs)).slice(-METER_LENGTH);
    this.#heard = (this.#heard + levelBar(heardDbfs)).slice(-METER_LENGTH);
    const meters = `says ${this.#said.padStart(METER_LENGTH)}  hears ${this.#heard.padStart(METER_LENGTH)}`;
    const lasted = seconds(Date.now() - Date.parse(call.ringingAt)).padStart(8);
    return `${name}  ${liveState(call).padEnd(12)} ${lasted}  ${meters}`;
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
