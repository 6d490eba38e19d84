import type { WebSocket } from 'ws';
import type { Clock } from '../../process/clock.ts';
import { DelayLine } from '../faults/delay-line.ts';
import type { FaultEngine } from '../faults/fault-engine.ts';
import { type LinkDirection, LinkFaults } from '../faults/link-faults.ts';
import type { Frame, MessageOrigin, ReceivedFrame } from '../hub/client-codec.ts';
import type { TransportEnd } from '../hub/commands.ts';
import type { Limits } from '../limits.ts';
import { ClientTraffic } from '../meter/client-traffic.ts';
import type { HubMeter } from '../meter/hub-meter.ts';
import { ClientSocket, type ClientSocketListener } from './client-socket.ts';

export interface ClientLinkOptions {
  readonly hub: string;
  /** Which socket of the hub it is, counted from 1. */
  readonly ordinal: number;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly meter: HubMeter;
  readonly faults: FaultEngine;
}

interface Direction {
  readonly line: DelayLine;
  readonly faults: LinkFaults;
}

/** One client's socket as the hub sees it: what passes is counted, and takes as long as the faults say. */
export class ClientLink {
  readonly #socket: ClientSocket;
  readonly #meter: HubMeter;
  readonly #toClient: Direction;
  readonly #toService: Direction;
  #traffic = new ClientTraffic();

  constructor(ws: WebSocket, listener: ClientSocketListener, options: ClientLinkOptions) {
    this.#meter = options.meter;
    const direction = (name: LinkDirection): Direction => ({
      // A network that holds so much has broken: the socket's end is then seen as that of any other.
      line: new DelayLine(options.clock, () => ws.terminate()),
      faults: new LinkFaults(options.faults, options.hub, options.ordinal, name),
    });
    this.#toClient = direction('toClient');
    this.#toService = direction('toService');
    this.#socket = new ClientSocket(ws, options.limits, {
      onFrame: (frame) => this.#receive(frame, listener),
      onEnd: (end) => this.#end(end, listener),
    });
  }

  /** Whose traffic it is, from now on. */
  belongsTo(connectionId: string): void {
    this.#traffic = this.#meter.connection(connectionId);
  }

  /** @param origin absent for what is no message: acks, pongs, system messages */
  write(frame: Frame, origin: MessageOrigin | undefined): void {
    const bytes = frame.bytes.byteLength;
    if (origin === undefined) this.#meter.protocol(bytes, this.#traffic);
    else this.#meter.message(bytes, origin.from === 'group' ? origin.group : undefined, this.#traffic);
    if (isDirect(this.#toClient)) this.#socket.write(frame);
    else delay(this.#toClient, () => this.#socket.write(frame));
  }

  /** Starts the closing handshake; what was written before is sent first. */
  close(code: number, reason: string): void {
    if (this.#toClient.line.isEmpty) this.#socket.close(code, reason);
    else delay(this.#toClient, () => this.#socket.close(code, reason));
  }

  /** Cuts the TCP connection; what is under way is lost. */
  abort(): void {
    this.#toClient.line.close();
    this.#toService.line.close();
    this.#socket.abort();
  }

  pauseReading(): void {
    this.#socket.pauseReading();
  }

  resumeReading(): void {
    this.#socket.resumeReading();
  }

  /** Ends it although messages are under way; resolves when the socket is closed, cutting it after `limitMs`. */
  async shutDown(code: number, reason: string, limitMs: number): Promise<void> {
    this.#toClient.line.close();
    this.#toService.line.close();
    this.#socket.close(code, reason);
    await this.#socket.drain(limitMs);
  }

  #receive(frame: ReceivedFrame, listener: ClientSocketListener): void {
    this.#meter.received(frame.bytes.byteLength, this.#traffic);
    if (isDirect(this.#toService)) listener.onFrame(frame);
    else delay(this.#toService, () => listener.onFrame(frame));
  }

  /** The end of a connection arrives behind what the client sent before it. */
  #end(end: TransportEnd, listener: ClientSocketListener): void {
    if (this.#toService.line.isEmpty) listener.onEnd(end);
    else this.#toService.line.push(0, () => listener.onEnd(end));
  }
}

function isDirect({ line, faults }: Direction): boolean {
  return line.isIdle && faults.none;
}

function delay({ line, faults }: Direction, run: () => void): void {
  const delayMs = faults.nextDelayMs();
  if (delayMs === 0 && line.isIdle) run();
  else line.push(delayMs, run);
}
