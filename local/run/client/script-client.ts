/** Calls with scripts, made through the control surface of the ACS emulator. */

import type { Audio } from '../../../shared/audio/wav.ts';
import type { IncomingCallChanges } from '../../emulators/event-grid/incoming-call.ts';
import type { Step, StepResult } from '../../phone/step.ts';
import { stepsToJson } from '../../phone/step-json.ts';
import { AcsControl } from './acs-control.ts';
import type { RunningSystem } from './running-system.ts';

export interface PhoneResults {
  readonly rawId: string;
  /** Whether the phone has hung up, or was told that the call is over. */
  readonly over: boolean;
  readonly steps: readonly StepResult[];
}

interface ScriptedCall {
  readonly from: string;
  readonly to: string;
  readonly steps: readonly Step[];
  readonly maxMs: number;
  readonly deliveries: number;
  readonly event?: IncomingCallChanges | undefined;
}

export class ScriptClient {
  readonly #acs: AcsControl;

  constructor(system: Pick<RunningSystem, 'urls' | 'keys'>) {
    this.#acs = new AcsControl(system);
  }

  /** Rings; resolves with the emulator's id of the call. */
  async place({ steps, ...call }: ScriptedCall): Promise<string> {
    const body = { ...call, steps: stepsToJson(steps) };
    return (await this.#acs.json<{ id: string }>('POST', '/scripts', body)).id;
  }

  async join(id: string, from: string, steps: readonly Step[], maxMs: number): Promise<void> {
    await this.#acs.request('POST', `/scripts/${id}/phones`, { from, steps: stepsToJson(steps), maxMs });
  }

  async enterCallee(
    number: string,
    takes: string,
    afterMs: number,
    steps: readonly Step[],
    maxMs: number,
  ): Promise<string> {
    const body = { number, takes, afterMs, steps: stepsToJson(steps), maxMs };
    return (await this.#acs.json<{ rawId: string }>('POST', '/callees', body)).rawId;
  }

  /** How often a callee's telephone has rung. */
  async rings(rawId: string): Promise<number> {
    return (await this.#acs.json<{ rings: number }>('GET', `/callees/${encodeURIComponent(rawId)}`)).rings;
  }

  /** What became of the steps of each phone of a call; undefined for a callee whom nobody has reached. */
  async results(id: string): Promise<readonly PhoneResults[] | undefined> {
    const response = await this.#acs.request('GET', `/scripts/${encodeURIComponent(id)}`, undefined, [404]);
    if (response.status === 404) return undefined;
    return ((await response.json()) as { phones: PhoneResults[] }).phones;
  }

  /** What the first phone of a call said or heard: PCM16 mono on one time axis. */
  async recording(id: string, direction: 'said' | 'heard'): Promise<Audio> {
    return this.#acs.recording(`/scripts/${encodeURIComponent(id)}/${direction}`);
  }

  /** Another fault plan instead of the present one. */
  async planFaults(plan: object): Promise<void> {
    await this.#acs.request('PUT', '/faults', plan);
  }
}
