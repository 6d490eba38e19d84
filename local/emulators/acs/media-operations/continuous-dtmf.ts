import { override, type ReplyTo } from '../events/callback-event.ts';
import type { EmitEvent } from './media-operation.ts';
import { mediaResults } from './media-results.ts';
import type { Tone } from './tones.ts';

interface Subscription {
  readonly replyTo: ReplyTo;
  sequenceId: number;
}

/**
 * Participants whose keys are sent one by one. A second start for a participant changes the receiver and keeps
 * counting.
 */
export class ContinuousDtmf {
  readonly #emit: EmitEvent;
  readonly #subscriptions = new Map<string, Subscription>();

  constructor(emit: EmitEvent) {
    this.#emit = emit;
  }

  start(rawId: string, replyTo: ReplyTo): void {
    const sequenceId = this.#subscriptions.get(rawId)?.sequenceId ?? 0;
    this.#subscriptions.set(rawId, { replyTo, sequenceId });
  }

  /**
   * The event goes where the stop operation says, else where the start said. Nothing happens where nothing is
   * recognized.
   */
  stop(rawId: string, replyTo: ReplyTo): void {
    const subscription = this.#subscriptions.get(rawId);
    if (subscription === undefined) return;
    this.#subscriptions.delete(rawId);
    this.#tellStopped(override(subscription.replyTo, replyTo));
  }

  /** False if no subscription covers this participant. */
  keyPressed(rawId: string, tone: Tone): boolean {
    const subscription = this.#subscriptions.get(rawId);
    if (subscription === undefined) return false;
    subscription.sequenceId++;
    this.#emit(
      'ContinuousDtmfRecognitionToneReceived',
      { resultInformation: mediaResults.toneReceived, sequenceId: subscription.sequenceId, tone },
      subscription.replyTo,
    );
    return true;
  }

  /** Somebody has left the call. */
  remove(rawId: string): void {
    const subscription = this.#subscriptions.get(rawId);
    if (!this.#subscriptions.delete(rawId) || subscription === undefined) return;
    this.#tellStopped(subscription.replyTo);
  }

  /** The call ends, which stops recognition with an event. Idempotent. */
  end(): void {
    for (const rawId of [...this.#subscriptions.keys()]) this.remove(rawId);
  }

  #tellStopped(replyTo: ReplyTo): void {
    const resultInformation = mediaResults.continuousStopped;
    this.#emit('ContinuousDtmfRecognitionStopped', { resultInformation }, replyTo);
  }
}
