/**
 * Handles requests for a media stream: ACS asks for an upgrade, and gets a WebSocket or an answer that says why not.
 *
 *     asked ──a place is free──▶ admitted or not ──▶ handover loaded ──there is room──▶ accepted
 *       └──────────────┬────────────────┴──────────────────┴──▶ refused ──read, or too slow──▶ closed
 *                      └──the client is gone──▶ forgotten
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Clock } from '../../shared/base/clock.ts';
import { RareLines } from '../../shared/base/rare-lines.ts';
import { HandshakeError } from '../../shared/web-socket/handshake.ts';
import type { WebSocketConnection } from '../../shared/web-socket/web-socket-connection.ts';
import type { StreamHandover } from '../../shared/wire/relay/stream-handover.ts';
import { ReasonCounter } from '../base/reason-counter.ts';
import type { Handovers } from '../handover/handovers.ts';
import { type Admission, type AdmissionRules, admit, callIdOfMediaPath } from './admission.ts';
import type { CallRegistry } from './call-registry.ts';
import { Refusal, refusalResponse } from './refusal.ts';
import type { WebSocketEndpoint } from './web-socket-endpoint.ts';

/** Upgrades that the relay checks at the same time. */
const MAX_PENDING_UPGRADES = 256;
/** The shortest time between two lines about refusals. */
const REFUSAL_LINE_MS = 1_000;
/** How long a refused client has to read its answer. */
const REFUSAL_LINGER_MS = 2_000;

interface UpgradeHandlerOptions {
  readonly rules: AdmissionRules;
  readonly registry: Pick<CallRegistry, 'check' | 'checkCapacity' | 'isDraining'>;
  readonly handovers: Pick<Handovers, 'load'>;
  readonly sockets: Pick<WebSocketEndpoint, 'accept'>;
  /** Serves the stream; the socket is open, and nothing of it has been read. */
  readonly onAccepted: (
    webSocket: WebSocketConnection,
    admission: Admission,
    handover: StreamHandover | undefined,
  ) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export class UpgradeHandler {
  readonly #options: UpgradeHandlerOptions;
  readonly #refused = new ReasonCounter();
  readonly #refusalLog: RefusalLog;
  /** Apart, so that strangers who are refused do not hide a fault of the relay. */
  readonly #faultLog: RefusalLog;
  /** Connections that asked for an upgrade and did not get it, or not yet. */
  readonly #unaccepted = new Set<Duplex>();
  #pending = 0;

  constructor(options: UpgradeHandlerOptions) {
    this.#options = options;
    this.#refusalLog = new RefusalLog(options.clock, options.log);
    this.#faultLog = new RefusalLog(options.clock, options.log);
  }

  /** Refused requests by HTTP status. */
  get refused(): Readonly<Record<string, number>> {
    return this.#refused.toRecord();
  }

  /** Never rejects: answers a request that it cannot serve, and logs a failure of the relay itself. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { registry, sockets, handovers, onAccepted } = this.#options;
    const onError = (): void => void socket.destroy();
    const forget = (): void => void this.#unaccepted.delete(socket);
    this.#unaccepted.add(socket);
    socket.on('error', onError);
    socket.once('close', forget);
    try {
      const admission = await this.#admit(request);
      const { ticket, ticketAgeMs, callConnectionId } = admission;
      // A live stream of the call leaves its lanes when this one replaces it, that is, when this one is accepted.
      const handover = await handovers.load(ticket, ticketAgeMs);
      if (handover === 'over') throw new Refusal(410, 'the call is over');
      if (socket.destroyed) return;
      registry.check(ticket.callId, callConnectionId);
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
    // Where the relay refuses every stream, it need not look at the ticket.
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
    const refusal = refusalOf(error);
    this.#refused.add(String(refusal.status));
    const isTheirs = refusal === error || error instanceof HandshakeError;
    const callId = callIdOfMediaPath(url);
    if (isTheirs) this.#refusalLog.refused(callId, refusal);
    else this.#faultLog.refused(callId, refusal, error);
    if (socket.destroyed) return;
    socket.end(refusalResponse(refusal));
    const cancel = this.#options.clock.after(REFUSAL_LINGER_MS, () => socket.destroy());
    socket.once('close', cancel);
  }
}

/** Tells the client about its own fault; keeps a fault of the relay to itself. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof HandshakeError) return new Refusal(400, error.message);
  return new Refusal(503, 'the relay could not check this request');
}

/**
 * Logs why media streams are refused. Anybody can be refused as often as they like, so a line has nothing of the
 * request but the id of the call, and there is at most one line a second; the metrics count every refusal.
 */
class RefusalLog {
  readonly #lines: RareLines;
  readonly #log: Logger;

  constructor(clock: Pick<Clock, 'elapsedMs'>, log: Logger) {
    this.#lines = new RareLines(REFUSAL_LINE_MS, () => clock.elapsedMs());
    this.#log = log;
  }

  /**
   * `callId`: of the path, where it has one. `fault`: what went wrong in the relay itself; left out when the client is
   * at fault. `unlogged` in a line says how many refusals before it have none.
   */
  refused(callId: string | undefined, { status, message: reason }: Refusal, fault?: unknown): void {
    const unlogged = this.#lines.next();
    if (unlogged === undefined) return;
    const counted = { ...(callId === undefined ? {} : { callId }), unlogged };
    if (fault === undefined) this.#log.info({ ...counted, status, reason }, 'refused a media stream');
    else this.#log.error({ ...counted, err: fault }, 'could not check a media stream');
  }
}
