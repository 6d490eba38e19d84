import type { Phone } from '../../../phone/phone.ts';
import type { Call } from '../call/call.ts';

/** Calls that are ringing or connected at the same time. */
const MAX_LIVE_CALLS = 200;
/** Calls that can be looked up after their end; the oldest goes first. */
const MAX_ENDED_CALLS = 200;
/** Of those, the newest keep their audio, as much of it as this; the last one keeps its audio anyway. */
export const MAX_AUDIO_OF_ENDED_CALLS_BYTES = 256 * 1_024 * 1_024;

/** A phone that remembers the call, PCM16 mono at the rate of the media stream. */
export interface ScriptedPhone extends Phone {
  heard(): Int16Array;
  /** Exactly the frames that were spoken while media was streaming. */
  said(): Int16Array;
  /** What its memory takes. */
  readonly recordedBytes: number;
}

/** A call and the phone that remembers its audio; a caller without such a phone has none. */
export interface RegisteredCall {
  readonly call: Call;
  readonly audio: ScriptedPhone | 'dropped' | 'notRecorded';
}

/** All calls of the server, found by each of their names. */
export class CallRegistry {
  readonly #calls = new Map<string, RegisteredCall>();
  readonly #byConnection = new Map<string, Call>();
  readonly #byContext = new Map<string, Call>();

  /** False when too many calls are going on. */
  add(call: Call, phone: ScriptedPhone | undefined): boolean {
    this.#prune();
    if (
      [...this.#calls.values()].filter(({ call: { endedAtMs } }) => endedAtMs === undefined).length >=
      MAX_LIVE_CALLS
    ) {
      return false;
    }
    this.#calls.set(call.ids.id, { call, audio: phone ?? 'notRecorded' });
    this.#byConnection.set(call.ids.callConnectionId, call);
    this.#byContext.set(call.ids.incomingCallContext, call);
    return true;
  }

  /**
   * The audio of this phone becomes that of the call, unless the call has audio already.
   * @returns the id of the call; undefined where there is none of this connection id
   */
  keepAudio(callConnectionId: string, phone: ScriptedPhone): string | undefined {
    const call = this.#byConnection.get(callConnectionId);
    if (call === undefined) return undefined;
    const { id } = call.ids;
    if (this.#calls.get(id)?.audio === 'notRecorded') this.#calls.set(id, { call, audio: phone });
    return id;
  }

  find(id: string): RegisteredCall | undefined {
    return this.#calls.get(id);
  }

  /** The call with this connection id, once it has been answered. */
  findConnected(callConnectionId: string): Call | undefined {
    const call = this.#byConnection.get(callConnectionId);
    return call?.connection === undefined ? undefined : call;
  }

  /** The newest call of this conversation; an application that left and joined again has had several. */
  findByServerCallId(serverCallId: string): Call | undefined {
    return this.all().findLast(({ ids }) => ids.serverCallId === serverCallId);
  }

  findByContext(incomingCallContext: string): Call | undefined {
    return this.#byContext.get(incomingCallContext);
  }

  /** All calls, oldest first. */
  all(): readonly Call[] {
    return [...this.#calls.values()].map(({ call }) => call);
  }

  /** Forgets the oldest ended calls, and the audio of those for which there is no room. */
  #prune(): void {
    const ended = [...this.#calls.values()].filter(({ call }) => call.endedAtMs !== undefined);
    for (const { call } of ended.slice(0, Math.max(0, ended.length - MAX_ENDED_CALLS + 1))) {
      this.#calls.delete(call.ids.id);
      this.#byConnection.delete(call.ids.callConnectionId);
      this.#byContext.delete(call.ids.incomingCallContext);
    }
    let bytes = 0;
    for (const { call, audio } of ended.slice(-MAX_ENDED_CALLS + 1).reverse()) {
      if (typeof audio === 'string') continue;
      const isLast = bytes === 0;
      bytes += audio.recordedBytes;
      if (bytes > MAX_AUDIO_OF_ENDED_CALLS_BYTES && !isLast)
        this.#calls.set(call.ids.id, { call, audio: 'dropped' });
    }
  }
}
