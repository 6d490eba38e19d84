import * as z from 'zod';
import { ScriptPhone } from '../../../phone/script-phone.ts';
import type { Step } from '../../../phone/step.ts';
import { stepsSchema } from '../../../phone/step-json.ts';
import type { Call } from '../call/call.ts';
import type { CallRegistry } from '../exchange/call-registry.ts';
import { type CalleeBook, MAX_CALLEES } from '../exchange/callee-book.ts';
import { identifierIn, type Switchboard } from '../exchange/switchboard.ts';
import { RefusedError } from '../http/refusal.ts';
import { PhoneLine } from '../telephones/phone-line.ts';
import { callMembers, LONGEST_MS, maxMs, parsed } from './place-call-request.ts';

/** Calls whose phones are remembered; the oldest goes first. */
const MAX_CALLS = 200;
/** Phones of one call. */
const MAX_PHONES = 50;

const callSchema = z.strictObject({ ...callMembers, steps: stepsSchema });

const joinSchema = z.strictObject({ from: z.string(), steps: stepsSchema, maxMs });

const calleeSchema = z.strictObject({
  number: z.string(),
  takes: z.enum(['answers', 'busy', 'declines', 'noAnswer', 'unavailable']),
  afterMs: z.int().min(0).max(LONGEST_MS).default(0),
  steps: stepsSchema.default([]),
  maxMs,
});

interface ScriptsOptions {
  readonly calls: Pick<CallRegistry, 'find'>;
  readonly switchboard: Switchboard;
  readonly callees: CalleeBook;
}

interface ScriptedCall {
  readonly call: Call;
  readonly phones: ScriptPhone[];
}

/** Calls whose phones follow scripts that come over the control surface. */
export class Scripts {
  readonly #options: ScriptsOptions;
  readonly #calls = new Map<string, ScriptedCall>();

  constructor(options: ScriptsOptions) {
    this.#options = options;
  }

  /**
   * Places the call `{from, to, steps, maxMs?, callerDisplayName?, sipHeaders?, voipHeaders?, onBehalfOf?,
   * deliveries?, event?}`.
   * @returns the id of the call @throws RefusedError
   */
  place(body: unknown): { readonly id: string } {
    const { steps, maxMs: limitMs, ...request } = parsed(callSchema, body);
    const phones: ScriptPhone[] = [];
    const call: Call = this.#options.switchboard.place({
      ...request,
      phone: (rawId, hangUp) => {
        const phone = this.#phone(rawId, steps, limitMs, hangUp, () => call.line);
        phones.push(phone);
        return phone;
      },
    });
    this.#remember({ call, phones });
    return { id: call.ids.id };
  }

  /** Adds another phone to any call: `{from, steps, maxMs?}`. @throws RefusedError */
  join(id: string, body: unknown): void {
    const { call, phones } = this.#calls.get(id) ?? this.#addCall(id);
    const { from, steps, maxMs: limitMs } = parsed(joinSchema, body);
    const identifier = identifierIn('from', from);
    if (phones.length >= MAX_PHONES) throw conflict(`A call can have ${MAX_PHONES} phones with scripts.`);
    const { connection } = call;
    if (connection?.state !== 'connected') throw conflict('The call is not connected.');
    const { rawId } = identifier;
    const line = new PhoneLine(rawId);
    const hangUp = (): void => queueMicrotask(() => line.hangUp());
    const phone = this.#phone(rawId, steps, limitMs, hangUp, () => line);
    if (!connection.telephones.seat({ identifier, phone, line }))
      throw conflict('This participant is on the call already.');
    phones.push(phone);
  }

  /** Somebody whom the application can call: `{number, takes, afterMs?, steps?, maxMs?}`. @throws RefusedError */
  enterCallee(body: unknown): { readonly rawId: string } {
    const { number, ...script } = parsed(calleeSchema, body);
    const { rawId } = identifierIn('number', number);
    try {
      this.#options.callees.enter({ ...script, rawId });
    } catch {
      throw conflict(`The emulator knows ${MAX_CALLEES} telephones at most.`);
    }
    return { rawId };
  }

  /** How often a callee's telephone has rung. @throws RefusedError 404 */
  callee(rawId: string): { readonly rawId: string; readonly rings: number } {
    const rings = this.#options.callees.rings(rawId);
    if (rings === undefined) throw notFound();
    return { rawId, rings };
  }

  /** What became of the steps of each phone on a call, or of a callee's phone. @throws RefusedError 404 */
  results(id: string): { readonly phones: readonly object[] } {
    const callee = this.#options.callees.phone(id);
    const phones = callee === undefined ? this.#find(id).phones : [callee];
    return {
      phones: phones.map((phone) => ({ rawId: phone.rawId, over: phone.over, steps: phone.results() })),
    };
  }

  /** What the first phone of a call, or a callee, said or heard. @throws RefusedError 404 */
  audio(
    id: string,
    direction: 'said' | 'heard',
  ): { readonly samples: Int16Array; readonly sampleRateHz: number } {
    const callee = this.#options.callees.phone(id);
    const phone = callee ?? this.#find(id).phones[0];
    if (phone === undefined) throw notFound();
    return {
      samples: direction === 'said' ? phone.said() : phone.heard(),
      sampleRateHz: phone.sampleRateHz ?? 16_000,
    };
  }

  /** A call that began without a script. */
  #addCall(id: string): ScriptedCall {
    const call = this.#options.calls.find(id)?.call;
    if (call === undefined) throw notFound();
    return this.#remember({ call, phones: [] });
  }

  #remember(scripted: ScriptedCall): ScriptedCall {
    this.#calls.set(scripted.call.ids.id, scripted);
    for (const oldest of this.#calls.keys()) {
      if (this.#calls.size <= MAX_CALLS) break;
      this.#calls.delete(oldest);
    }
    return scripted;
  }

  #phone(
    rawId: string,
    steps: readonly Step[],
    limitMs: number,
    onHangUp: () => void,
    line: () => PhoneLine,
  ): ScriptPhone {
    return new ScriptPhone({
      rawId,
      steps,
      maxMs: limitMs,
      onHangUp,
      onPress: (key) => line().press(key),
      onWords: (words) => line().say(words),
    });
  }

  #find(id: string): ScriptedCall {
    const found = this.#calls.get(id);
    if (found === undefined) throw notFound();
    return found;
  }
}

function notFound(): RefusedError {
  return new RefusedError({
    status: 404,
    code: 'NotFound',
    message: 'There is no call or callee with a script of this id.',
  });
}

function conflict(message: string): RefusedError {
  return new RefusedError({ status: 409, code: 'Conflict', message });
}
