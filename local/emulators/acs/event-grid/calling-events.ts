import type { Clock } from '../../common/clock.ts';
import type { Random } from '../../common/random.ts';
import { type CallingEvent, callingEvent } from '../../event-grid/calling-event.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Topic } from '../../event-grid/topic.ts';
import type { AcsBehaviour } from '../call/behaviour.ts';
import type { Call } from '../call/call.ts';
import { TOPIC } from './resource-topic.ts';

/** What was said so far about one call. */
interface Told {
  readonly random: Random;
  readonly startedAtMs: number;
  /** Participant ids by raw id. */
  readonly present: Map<string, { readonly identifier: IdentifierJson; readonly participantId: string }>;
}

export interface CallingEventsOptions {
  readonly topic: Topic;
  /** The clock that the events show. */
  readonly clock: Clock;
  readonly random: Random;
  readonly callingEvents: AcsBehaviour['callingEvents'];
}

/**
 * Tells Event Grid of calls that start and end, and of who joins and leaves them, by looking at each call whenever it
 * has changed.
 */
export class CallingEvents {
  readonly #options: CallingEventsOptions;
  readonly #told = new Map<string, Told>();

  constructor(options: CallingEventsOptions) {
    this.#options = options;
  }

  callChanged(call: Call): void {
    if (!this.#covers(call.from)) return;
    const { id } = call.ids;
    const told = this.#told.get(id);
    if (told === undefined) {
      if (call.state === 'connected') this.#start(call);
    } else if (call.endedAtMs === undefined) {
      this.#compare(call, told);
    } else {
      this.#told.delete(id);
      this.#end(call, told);
    }
  }

  #start(call: Call): void {
    const told: Told = {
      random: this.#options.random.branch(call.ids.id),
      startedAtMs: this.#options.clock.now(),
      present: new Map(),
    };
    this.#told.set(call.ids.id, told);
    this.#publish(call, told, { type: 'CallStarted' });
    this.#compare(call, told);
  }

  #compare(call: Call, told: Told): void {
    const now = new Map(
      call.connection?.participants.all.map((one) => [one.identifier.rawId, one.identifier]),
    );
    for (const rawId of told.present.keys()) if (!now.has(rawId)) this.#leave(call, told, rawId);
    for (const [rawId, identifier] of now) {
      if (told.present.has(rawId) || !this.#covers(identifier)) continue;
      const participantId = told.random.uuid();
      told.present.set(rawId, { identifier, participantId });
      this.#publish(call, told, {
        type: 'CallParticipantAdded',
        user: identifier,
        participantId,
        displayName: '',
      });
    }
  }

  #leave(call: Call, told: Told, rawId: string): void {
    const gone = told.present.get(rawId);
    if (gone === undefined) return;
    told.present.delete(rawId);
    const { identifier, participantId } = gone;
    this.#publish(call, told, {
      type: 'CallParticipantRemoved',
      user: identifier,
      participantId,
      displayName: '',
    });
  }

  #end(call: Call, told: Told): void {
    for (const rawId of [...told.present.keys()]) this.#leave(call, told, rawId);
    const endedBy = call.outcome === 'hungUpByCaller' ? call.from : call.to;
    const durationMs = this.#options.clock.now() - told.startedAtMs;
    this.#publish(call, told, { type: 'CallEnded', endedBy, durationMs });
  }

  #publish(call: Call, told: Told, event: CallingEvent): void {
    const { topic, clock } = this.#options;
    const { serverCallId, correlationId } = call.ids;
    void topic.publish(
      callingEvent(event, {
        eventId: told.random.uuid(),
        topic: TOPIC,
        nowMs: clock.now(),
        startedBy: call.from,
        serverCallId,
        correlationId,
        isTwoParty: (call.connection?.participants.all.length ?? 0) <= 2,
      }),
    );
  }

  #covers(identifier: IdentifierJson): boolean {
    switch (this.#options.callingEvents) {
      case 'all':
        return true;
      case 'documented':
        return identifier['kind'] === 'communicationUser';
    }
  }
}
