/** The line that the terminal shows of a call while it lasts, and its levels. */
import { seconds } from '../client/words.ts';

/** A call while it lasts. Levels are RMS in dB of full scale. */
export interface LiveCall {
  readonly name: string;
  readonly state: string;
  readonly forMs: number;
  readonly saidDbfs: number;
  readonly heardDbfs: number;
}

const BARS = '▁▂▃▄▅▆▇█';
/** The level below which nothing is shown, in dB of full scale. */
const FLOOR_DB = -60;
/** Levels that a meter shows, the newest at its right. */
const METER_LENGTH = 12;

export function levelBar(dbfs: number): string {
  const step = Math.floor(((dbfs - FLOOR_DB) / -FLOOR_DB) * BARS.length);
  return BARS[Math.max(0, Math.min(BARS.length - 1, step))] ?? ' ';
}

/** Keeps the last levels of a call and writes its line. */
export class LiveMeter {
  #said = '';
  #heard = '';

  line(call: LiveCall): string {
    this.#said = (this.#said + levelBar(call.saidDbfs)).slice(-METER_LENGTH);
    this.#heard = (this.#heard + levelBar(call.heardDbfs)).slice(-METER_LENGTH);
    const meters = `says ${this.#said.padStart(METER_LENGTH)}  hears ${this.#heard.padStart(METER_LENGTH)}`;
    return `${call.name}  ${call.state.padEnd(12)} ${seconds(call.forMs).padStart(8)}  ${meters}`;
  }
}
