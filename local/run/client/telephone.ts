/** Calls made through the control surface of the ACS emulator, as a person would make them with a telephone. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Audio } from '../../../shared/audio/wav.ts';
import type { CallReport } from '../../emulators/acs/control/call-report.ts';
import { AcsControl } from './acs-control.ts';
import type { RunningSystem } from './running-system.ts';

interface CallPlacement {
  readonly from: string;
  readonly to: string;
  readonly speech?: Audio;
  /** How long the caller listens to silence after having said everything. */
  readonly tailMs?: number;
  /** The longest that the call may take, in milliseconds from the answer. */
  readonly maxMs?: number;
  /** How often Event Grid delivers the IncomingCall. */
  readonly deliveries?: number;
}

const POLL_MS = 250;

export class Telephone {
  readonly #acs: AcsControl;

  constructor(system: Pick<RunningSystem, 'urls' | 'keys'>) {
    this.#acs = new AcsControl(system);
  }

  /** Rings; resolves with the emulator's id of the call. */
  async place({ speech, ...call }: CallPlacement): Promise<string> {
    const audio = speech && { audio: base64(speech.samples), sampleRateHz: speech.sampleRateHz };
    const body = { ...call, ...(audio && { speech: audio }) };
    return (await this.#acs.json<{ id: string }>('POST', '/calls', body)).id;
  }

  async call(id: string): Promise<CallReport> {
    return await this.#acs.json<CallReport>('GET', `/calls/${id}`);
  }

  async calls(): Promise<readonly CallReport[]> {
    return (await this.#acs.json<{ calls: CallReport[] }>('GET', '/calls')).calls;
  }

  /**
   * Waits until `when` holds of the call, looking four times a second.
   * @throws Error that says `what` was waited for, and how the call stands, after `limitMs`
   */
  async waitFor(
    id: string,
    what: string,
    when: (call: CallReport) => boolean,
    limitMs: number,
    onLook?: (call: CallReport) => void,
  ): Promise<CallReport> {
    const giveUpAtMs = performance.now() + limitMs;
    for (;;) {
      const call = await this.call(id);
      onLook?.(call);
      if (when(call)) return call;
      if (performance.now() > giveUpAtMs) {
        const types = call.events.map((event) => event.type).join(', ');
        throw new Error(
          `${what}: not within ${limitMs / 1_000} s; the call is ${call.state}, its events are ${types || 'none'}`,
        );
      }
      await delay(POLL_MS);
    }
  }

  /** What was said while audio was streamed, or what was heard: PCM16 mono on one time axis. */
  async recording(id: string, direction: 'said' | 'heard'): Promise<Audio> {
    return this.#acs.recording(`/calls/${id}/${direction}`);
  }

  /** The same of any call, with a recording of its own or with a script; undefined where nothing is recorded. */
  async recordingIfAny(id: string, direction: 'said' | 'heard'): Promise<Audio | undefined> {
    return (
      (await this.#acs.recordingIfAny(`/calls/${id}/${direction}`)) ??
      (await this.#acs.recordingIfAny(`/scripts/${id}/${direction}`))
    );
  }

  async hangUp(id: string): Promise<void> {
    await this.#acs.request('POST', `/calls/${id}/hang-up`);
  }

  async pressKeys(id: string, keys: string): Promise<void> {
    await this.#acs.request('POST', `/calls/${id}/dtmf`, { keys });
  }
}

function base64(samples: Int16Array): string {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('base64');
}
