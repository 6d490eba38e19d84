import type { WebSocket } from 'ws';
import type { Clock } from '../../process/clock.ts';
import { CloseCode } from '../close-codes.ts';
import type { HubCommand, HubEffect } from '../hub/commands.ts';
import { Hub, type HubRules } from '../hub/hub.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { ClientSocket } from './client-socket.ts';

/** One hub with its sockets, its timer and its event handlers: carries out what the hub decides. */
export class HubRuntime {
  readonly hub: Hub;
  readonly #rules: HubRules;
  readonly #upstream: Upstream;
  readonly #clock: Clock;
  readonly #sockets = new Map<number, ClientSocket>();
  #lastTransportId = 0;
  #expiry: { readonly atMs: number; cancel(): void } | undefined;

  constructor(name: string, rules: HubRules, upstream: Upstream, clock: Clock) {
    this.hub = new Hub(name, rules);
    this.#rules = rules;
    this.#upstream = upstream;
    this.#clock = clock;
  }

  /**
   * Takes a WebSocket that is open.
   * @returns its transport id, for the `open` or `recover` command that must follow
   */
  attach(ws: WebSocket): number {
    this.#lastTransportId += 1;
    const transportId = this.#lastTransportId;
    const socket = new ClientSocket(ws, this.#rules.limits, {
      onFrame: (frame) => this.apply({ type: 'frame', transportId, frame }),
      onEnd: (end) => this.apply({ type: 'transportEnded', transportId, end }),
    });
    this.#sockets.set(transportId, socket);
    ws.once('close', () => this.#sockets.delete(transportId));
    return transportId;
  }

  apply(command: HubCommand): void {
    for (const effect of this.hub.apply(command, this.#clock.now())) this.#carryOut(effect);
    this.#armExpiry();
  }

  /** Closes every socket and forgets every session. */
  async close(): Promise<void> {
    this.#expiry?.cancel();
    const sockets = [...this.#sockets.values()];
    for (const socket of sockets) socket.close(CloseCode.goingAway, 'the service is stopping');
    await Promise.all(sockets.map((socket) => socket.drain(this.#rules.limits.closeHandshakeMs)));
  }

  #carryOut(effect: HubEffect): void {
    switch (effect.type) {
      case 'write':
        this.#sockets.get(effect.transportId)?.write(effect.frame);
        return;
      case 'closeTransport':
        this.#sockets.get(effect.transportId)?.close(effect.code, effect.reason);
        return;
      case 'abortTransport':
        this.#sockets.get(effect.transportId)?.abort();
        return;
      case 'pauseReading':
        this.#sockets.get(effect.transportId)?.pauseReading();
        return;
      case 'resumeReading':
        this.#sockets.get(effect.transportId)?.resumeReading();
        return;
      case 'callHandler': {
        const { connectionId, id: eventId } = effect.event;
        void this.#upstream
          .call(effect.event)
          .then((outcome) => this.apply({ type: 'eventAnswered', connectionId, eventId, outcome }));
        return;
      }
      case 'notifyHandler':
        this.#upstream.notify(effect.event);
        return;
    }
  }

  /** Keeps one timer, for the session that expires first. */
  #armExpiry(): void {
    const atMs = this.hub.nextExpiryMs();
    if (atMs === this.#expiry?.atMs) return;
    this.#expiry?.cancel();
    this.#expiry = undefined;
    if (atMs === undefined) return;
    const cancel = this.#clock.after(Math.max(0, atMs - this.#clock.now()), () => {
      this.#expiry = undefined;
      this.apply({ type: 'expire' });
    });
    this.#expiry = { atMs, cancel };
  }
}
