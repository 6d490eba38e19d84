import type { WebSocket } from 'ws';
import type { Clock } from '../../common/clock.ts';
import { CloseCode } from '../base/close-codes.ts';
import type { WebPubSubFaultEngine } from '../faults/fault-plan.ts';
import type { HubCommand, HubEffect } from '../hub/commands.ts';
import { Hub } from '../hub/hub.ts';
import type { HubRules } from '../hub/inbox.ts';
import type { HubMeter } from '../meter/hub-meter.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { ClientLink } from './client-link.ts';

interface HubRuntimeOptions {
  readonly rules: HubRules;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly meter: HubMeter;
  readonly faults: WebPubSubFaultEngine;
}

/** One hub with its sockets, its timer and its event handlers: carries out what the hub decides. */
export class HubRuntime {
  readonly hub: Hub;
  readonly #options: HubRuntimeOptions;
  readonly #links = new Map<number, ClientLink>();
  #lastTransportId = 0;
  #expiry: { readonly atMs: number; cancel(): void } | undefined;

  constructor(name: string, options: HubRuntimeOptions) {
    this.hub = new Hub(name, options.rules);
    this.#options = options;
  }

  /**
   * Takes a WebSocket that is open.
   * @returns its transport id, for the `open` or `recover` command that must follow
   */
  attach(ws: WebSocket): number {
    this.#lastTransportId += 1;
    const transportId = this.#lastTransportId;
    const { rules, clock, meter, faults } = this.#options;
    const link = new ClientLink(
      ws,
      {
        onFrame: (frame) => this.apply({ type: 'frame', transportId, frame }),
        onEnd: (end) => this.apply({ type: 'transportEnded', transportId, end }),
      },
      { hub: this.hub.name, ordinal: transportId, limits: rules.limits, clock, meter, faults },
    );
    this.#links.set(transportId, link);
    ws.once('close', () => this.#links.delete(transportId));
    return transportId;
  }

  apply(command: HubCommand): void {
    if (command.type === 'open') {
      this.#links.get(command.transportId)?.belongsTo(command.client.connectionId);
    } else if (command.type === 'recover') {
      this.#links.get(command.transportId)?.belongsTo(command.connectionId);
    }
    for (const effect of this.hub.apply(command, this.#options.clock.now())) this.#carryOut(effect);
    this.#armExpiry();
  }

  /** Closes every socket and forgets every session. */
  async close(): Promise<void> {
    this.#expiry?.cancel();
    const { closeHandshakeMs } = this.#options.rules.limits;
    const links = [...this.#links.values()];
    await Promise.all(
      links.map((link) => link.shutDown(CloseCode.goingAway, 'the service is stopping', closeHandshakeMs)),
    );
  }

  #carryOut(effect: HubEffect): void {
    switch (effect.type) {
      case 'write':
        this.#links.get(effect.transportId)?.write(effect.frame, effect.origin);
        return;
      case 'closeTransport':
        this.#links.get(effect.transportId)?.close(effect.code, effect.reason);
        return;
      case 'abortTransport':
        this.#links.get(effect.transportId)?.abort();
        return;
      case 'pauseReading':
        this.#links.get(effect.transportId)?.pauseReading();
        return;
      case 'resumeReading':
        this.#links.get(effect.transportId)?.resumeReading();
        return;
      case 'callHandler': {
        const { connectionId, id: eventId } = effect.event;
        void this.#options.upstream
          .call(effect.event)
          .then((outcome) => this.apply({ type: 'eventAnswered', connectionId, eventId, outcome }));
        return;
      }
      case 'notifyHandler':
        this.#options.upstream.notify(effect.event);
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
    const cancel = this.#options.clock.after(Math.max(0, atMs - this.#options.clock.now()), () => {
      this.#expiry = undefined;
      this.apply({ type: 'expire' });
    });
    this.#expiry = { atMs, cancel };
  }
}
