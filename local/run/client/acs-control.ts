import type { Audio } from '../../../shared/audio/wav.ts';
import { ask } from './ask.ts';
import type { RunningSystem } from './running-system.ts';

/** The control surface of the ACS emulator. */
export class AcsControl {
  readonly #base: string;
  readonly #authorization: string;

  constructor(system: Pick<RunningSystem, 'urls' | 'keys'>) {
    this.#base = `${system.urls.acs}/control`;
    this.#authorization = `Bearer ${system.keys.acsControl}`;
  }

  /** @throws Error for an answer of 400 or more, unless `allowed` has its status */
  async request(
    method: string,
    path: string,
    body?: object,
    allowed: readonly number[] = [],
  ): Promise<Response> {
    const response = await ask('the ACS emulator', this.#base + path, {
      method,
      headers: { authorization: this.#authorization },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.ok || allowed.includes(response.status)) return response;
    const why = await response.text();
    throw new Error(`the ACS emulator answers ${response.status} to ${method} ${path}: ${why}`);
  }

  async json<T>(method: string, path: string, body?: object): Promise<T> {
    return (await (await this.request(method, path, body)).json()) as T;
  }

  /** A recording: samples as they are, the rate in a header. */
  async recording(path: string): Promise<Audio> {
    return audioOf(await this.request('GET', path));
  }

  /** The same, or undefined where nothing is recorded. */
  async recordingIfAny(path: string): Promise<Audio | undefined> {
    const response = await this.request('GET', path, undefined, [404, 410]);
    return response.ok ? await audioOf(response) : undefined;
  }
}

async function audioOf(response: Response): Promise<Audio> {
  const samples = new Int16Array(await response.arrayBuffer());
  return { samples, sampleRateHz: Number(response.headers.get('x-sample-rate-hz')) };
}
