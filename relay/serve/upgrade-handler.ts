/**
 * Requests for a media stream, from the upgrade that ACS asks for to the WebSocket that it gets, or to the answer why not.
 *
 *     asked ──a place is free──▶ admitted or not ──▶ handover taken ──there is room──▶ accepted
 *       └──────────────┬────────────────┴──────────────────┴──▶ refused ──read, or too slow──▶ closed
 *                      └──the client is gone──▶ forgotten
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import { HandshakeError } from '../../shared/web-socket/handshake.ts';
import type { WebSocketConnection } from '../../shared/web-socket/web-socket-connection.ts';
import type { WebSocketEndpoint } from '../../shared/web-socket/web-socket-endpoint.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import { Counts } from '../base/counts.ts';
import type { Handovers } from '../handover/handovers.ts';
import { type Admission, type AdmissionRules, admit } from './admission.ts';
import type { CallRegistry } from './call-registry.ts';
import { Refusal, refusalResponse } from './refusal.ts';

/** Upgrades that are being checked at the same time. */
export const MAX_PENDING_UPGRADES = 256;
/** How long a refused client has to read its answer. */
export const REFUSAL_LINGER_MS = 2_000;

export interface MediaUpgradesOptions {
  readonly rules: AdmissionRules;
  readonly registry: Pick<CallRegistry, 'check' | 'checkCapacity' | 'isDraining'>;
  readonly handovers: Pick<Handovers, 'load'>;
  readonly sockets: Pick<WebSocketEndpoint, 'accept'>;
  /** Takes the stream over; the socket is open, and nothing of it has been read. */
  readonly onAccepted: (
    webSocket: WebSocketConnection,
    admission: Admission,
    handover: StreamHandover | undefined,
  ) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export class MediaUpgrades {
  readonly #options: MediaUpgradesOptions;
  readonly #refused = new Counts();
  /** Connections that asked for an upgrade and were not given it, or not yet. */
  readonly #unaccepted = new Set<Duplex>();
  #pending = 0;

  constructor(options: MediaUpgradesOptions) {
    this.#options = options;
  }

  /** Those that were refused, by HTTP status. */
  get refused(): Readonly<Record<string, number>> {
    return this.#refused.toRecord();
  }

  /** Never rejects: a request that cannot be served is answered, and a failure of ours is logged. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { registry, sockets, handovers, onAccepted } = this.#options;
    const onError = (): void => void socket.destroy();
    const forget = (): void => void this.#unaccepted.delete(socket);
    this.#unaccepted.add(socket);
    socket.on('error', onError);
    socket.once('close', forget);
    try {
      const admission = await this.#admit(request);
      const { ticket, ticketText, ticketAgeMs, callConnectionId } = admission;
      const { callId } = ticket;
      // A live stream leaves its lanes when it is replaced, which is when this one is accepted.
      const handover = await handovers.load({ callId, ticketText }, ticketAgeMs);
      if (socket.destroyed) return;
      registry.check(callId, callConnectionId);
      const webSocket = sockets.accept(request, socket, head);
      socket.off('error', onError);
      socket.off('close', forget);
      forget();
      onAccepted(webSocket, admission, handover);
    } catch (error) {
      this.#refuse(socket, request.url ?? '', error);
    }
  }

  /** Cuts the connections that have no stream. */
  destroyAll(): void {
    for (const socket of this.#unaccepted) socket.destroy();
  }

  async #admit(request: IncomingMessage): Promise<Admission> {
    const { registry, rules, clock } = this.#options;
    // No ticket is looked at where every stream is refused.
    if (registry.isDraining) registry.checkCapacity();
    if (this.#pending >= MAX_PENDING_UPGRADES)
      throw new Refusal(503, 'the relay is full: too many streams are being opened');
    this.#pending += 1;
    try {
      return await admit({ url: request.url ?? '', headers: request.headers }, rules, clock.nowMs());
    } finally {
      this.#pending -= 1;
    }
  }

  #refuse(socket: Duplex, url: string, error: unknown): void {
    const { log, clock } = this.#options;
    const refusal = refusalOf(error);
    this.#refused.add(String(refusal.status));
    if (refusal === error || error instanceof HandshakeError)
      log.info({ url, status: refusal.status, reason: refusal.message }, 'refused a media stream');
    else log.error({ url, err: error }, 'could not check a media stream');
    if (socket.destroyed) return;
    socket.end(refusalResponse(refusal));
    const cancel = clock.after(REFUSAL_LINGER_MS, () => socket.destroy());
    socket.once('close', cancel);
  }
}

/** The fault of whoever asked as it is; any other is ours, and is not told. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof HandshakeError) return new Refusal(400, error.message);
  return new Refusal(503, 'the relay could not check this request');
}
