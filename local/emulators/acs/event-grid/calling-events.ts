import type { Clock } from '../../common/clock.ts';
import type { Random } from '../../common/random.ts';
import { type CallingEvent, callingEvent } from '../../event-grid/calling-event.ts';
import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import type { Topic } from '../../event-grid/topic.ts';
import type { AcsBehaviour } from '../call/behaviour.ts';
import type { Call } from '../call/call.ts';
import { TOPIC } from './resource-topic.ts';

/** What was said so far about one call. */
interface Published {
  readonly random: Random;
  readonly startedAtMs: number;
  /** Participant ids by raw id. */
  readonly present: Map<string, { readonly identifier: IdentifierJson; readonly participantId: string }>;
}

interface CallingEventsOptions {
  readonly topic: Topic;
  /** The clock that the events show. */
  readonly clock: Clock;
  readonly random: Random;
  readonly callingEvents: AcsBehaviour['callingEvents'];
  /** The raw id of the application where it answers for a telephone number. */
  readonly self: string;
}

/**
 * Tells Event Grid of calls that start and end, and of who joins and leaves them, by looking at each call whenever it
 * has changed.
 */
export class CallingEvents {
  readonly #options: CallingEventsOptions;
  readonly #published = new Map<string, Published>();

  constructor(options: CallingEventsOptions) {
    this.#options = options;
  }

  callChanged(call: Call): void {
    if (call.joins || !this.#covers(call.from)) return;
    const { id } = call.ids;
    const published = this.#published.get(id);
    if (published === undefined) {
      if (call.state === 'connected') this.#start(call);
    } else if (call.endedAtMs === undefined) {
      this.#compare(call, published);
    } else {
      this.#published.delete(id);
      this.#end(call, published);
    }
  }

  #start(call: Call): void {
    const published: Published = {
      random: this.#options.random.branch(call.ids.id),
      startedAtMs: this.#options.clock.now(),
      present: new Map(),
    };
    this.#published.set(call.ids.id, published);
    this.#publish(call, published, { type: 'CallStarted' });
    this.#compare(call, published);
  }

  #compare(call: Call, published: Published): void {
    const now = new Map(
      call.connection?.participants.all.map((one) => [one.identifier.rawId, one.identifier]),
    );
    for (const rawId of published.present.keys()) if (!now.has(rawId)) this.#leave(call, published, rawId);
    for (const [rawId, identifier] of now) {
      if (published.present.has(rawId) || !this.#covers(identifier)) continue;
      const participantId = published.random.uuid();
      published.present.set(rawId, { identifier, participantId });
      this.#publish(call, published, {
        type: 'CallParticipantAdded',
        user: identifier,
        participantId,
        displayName: '',
      });
    }
  }

  #leave(call: Call, published: Published, rawId: string): void {
    const gone = published.present.get(rawId);
    if (gone === undefined) return;
    published.present.delete(rawId);
    const { identifier, participantId } = gone;
    this.#publish(call, published, {
      type: 'CallParticipantRemoved',
      user: identifier,
      participantId,
      displayName: '',
    });
  }

  #end(call: Call, published: Published): void {
    for (const rawId of [...published.present.keys()]) this.#leave(call, published, rawId);
    const endedBy = call.outcome === 'hungUpByCaller' ? call.from : call.to;
    const durationMs = this.#options.clock.now() - published.startedAtMs;
    this.#publish(call, published, { type: 'CallEnded', endedBy, durationMs });
  }

  #publish(call: Call, published: Published, event: CallingEvent): void {
    const { topic, clock } = this.#options;
    const { serverCallId, correlationId } = call.ids;
    void topic.publish(
      callingEvent(event, {
        eventId: published.random.uuid(),
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
        return identifier['kind'] === 'communicationUser' && identifier.rawId !== this.#options.self;
    }
  }
}
