/** Calls with scripts, made through the control surface of the ACS stand-in. */

import type { Step, StepResult } from '../../phone/step.ts';
import { stepsToJson } from '../../phone/step-json.ts';
import type { Audio } from '../../phone/wav.ts';
import { readRecording } from './recording.ts';
import type { RunningSystem } from './running-system.ts';

export interface PhoneResults {
  readonly rawId: string;
  /** Whether the phone has hung up, or was told that the call is over. */
  readonly over: boolean;
  readonly steps: readonly StepResult[];
}

export interface ScriptedCall {
  readonly from: string;
  readonly to: string;
  readonly steps: readonly Step[];
  readonly maxMs: number;
  readonly deliveries: number;
}

export class ScriptClient {
  readonly #base: string;
  readonly #authorization: string;

  constructor(system: Pick<RunningSystem, 'urls' | 'keys'>) {
    this.#base = `${system.urls.acs}/control`;
    this.#authorization = `Bearer ${system.keys.acsControl}`;
  }

  /** Rings; resolves with the stand-in's id of the call. */
  async place({ steps, ...call }: ScriptedCall): Promise<string> {
    const response = await this.#request('POST', '/scripts', { ...call, steps: stepsToJson(steps) });
    return ((await response.json()) as { id: string }).id;
  }

  async join(id: string, from: string, steps: readonly Step[], maxMs: number): Promise<void> {
    await this.#request('POST', `/scripts/${id}/phones`, { from, steps: stepsToJson(steps), maxMs });
  }

  async enterCallee(
    number: string,
    takes: string,
    afterMs: number,
    steps: readonly Step[],
    maxMs: number,
  ): Promise<string> {
    const body = { number, takes, afterMs, steps: stepsToJson(steps), maxMs };
    return ((await (await this.#request('POST', '/callees', body)).json()) as { rawId: string }).rawId;
  }

  /** How often a callee's telephone has rung. */
  async rings(rawId: string): Promise<number> {
    const response = await this.#request('GET', `/callees/${encodeURIComponent(rawId)}`);
    return ((await response.json()) as { rings: number }).rings;
  }

  /** What became of the steps of each phone of a call; undefined for a callee whom nobody has reached. */
  async results(id: string): Promise<readonly PhoneResults[] | undefined> {
    const response = await this.#request('GET', `/scripts/${encodeURIComponent(id)}`, undefined, [404]);
    if (response.status === 404) return undefined;
    return ((await response.json()) as { phones: PhoneResults[] }).phones;
  }

  /** What the first phone of a call said or heard: PCM16 mono on one time axis. */
  async recording(id: string, direction: 'said' | 'heard'): Promise<Audio> {
    return readRecording(await this.#request('GET', `/scripts/${encodeURIComponent(id)}/${direction}`));
  }

  /** Another fault plan instead of the present one. */
  async planFaults(plan: object): Promise<void> {
    await this.#request('PUT', '/faults', plan);
  }

  async #request(
    method: string,
    path: string,
    body?: object,
    allowed: readonly number[] = [],
  ): Promise<Response> {
    const response = await fetch(this.#base + path, {
      method,
      headers: { authorization: this.#authorization },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok && !allowed.includes(response.status)) {
      throw new Error(
        `the ACS stand-in answers ${response.status} to ${method} ${path}: ${await response.text()}`,
      );
    }
    return response;
  }
}
