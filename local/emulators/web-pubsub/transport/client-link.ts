import type { WebSocket } from 'ws';
import type { Clock } from '../../common/clock.ts';
import type { Random } from '../../common/random.ts';
import type { Limits } from '../base/limits.ts';
import { drawDelay } from '../faults/distribution.ts';
import type { WebPubSubFaultEngine } from '../faults/fault-plan.ts';
import type { Frame, MessageOrigin } from '../hub/client-codec.ts';
import type { TransportEnd } from '../hub/commands.ts';
import type { HubMeter } from '../meter/hub-meter.ts';
import { ClientTraffic } from '../meter/tally.ts';
import { ClientSocket, type ClientSocketListener } from './client-socket.ts';
import { DelayLine } from './delay-line.ts';

interface ClientLinkOptions {
  readonly hub: string;
  /** Which socket of the hub it is, counted from 1. */
  readonly ordinal: number;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly meter: HubMeter;
  readonly faults: WebPubSubFaultEngine;
}

interface Direction {
  readonly line: DelayLine;
  readonly faults: LinkFaults;
}

/** One client's socket as the hub sees it: what passes is counted, and takes as long as the faults say. */
export class ClientLink {
  readonly #ws: WebSocket;
  readonly #options: ClientLinkOptions;
  readonly #socket: ClientSocket;
  readonly #listener: ClientSocketListener;
  #traffic = new ClientTraffic();
  /** Made with the first message that may be delayed. */
  #directions: Readonly<Record<LinkDirection, Direction>> | undefined;

  constructor(ws: WebSocket, listener: ClientSocketListener, options: ClientLinkOptions) {
    this.#ws = ws;
    this.#options = options;
    this.#listener = listener;
    this.#socket = new ClientSocket(ws, options.limits, {
      onFrame: (frame) => this.#receive(frame),
      onEnd: (end) => this.#end(end),
    });
  }

  /** Whose traffic it is, from now on. */
  belongsTo(connectionId: string): void {
    this.#traffic = this.#options.meter.connection(connectionId);
  }

  /** @param origin absent for what is no message: acks, pongs, system messages */
  write(frame: Frame, origin: MessageOrigin | undefined): void {
    const { meter } = this.#options;
    const bytes = frame.bytes.byteLength;
    if (origin === undefined) meter.protocol(bytes, this.#traffic);
    else meter.message(bytes, origin.from === 'group' ? origin.group : undefined, this.#traffic);
    if (this.#isDirect('toClient')) this.#socket.write(frame);
    else this.#delay('toClient', () => this.#socket.write(frame));
  }

  /** Starts the closing handshake; what was written before is sent first. */
  close(code: number, reason: string): void {
    if (this.#isEmpty('toClient')) this.#socket.close(code, reason);
    else this.#delay('toClient', () => this.#socket.close(code, reason));
  }

  /** Cuts the TCP connection; what is under way is lost. */
  abort(): void {
    this.#lose();
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
    this.#lose();
    this.#socket.close(code, reason);
    await this.#socket.drain(limitMs);
  }

  #receive(frame: Frame): void {
    this.#options.meter.received(frame.bytes.byteLength, this.#traffic);
    if (this.#isDirect('toService')) this.#listener.onFrame(frame);
    else this.#delay('toService', () => this.#listener.onFrame(frame));
  }

  /** The end of a connection arrives behind what the client sent before it. */
  #end(end: TransportEnd): void {
    if (this.#isEmpty('toService')) this.#listener.onEnd(end);
    else this.#directions?.toService.line.push(0, () => this.#listener.onEnd(end));
  }

  /** Whether messages go at once: no rule delays them, and nothing is under way that they would overtake. */
  #isDirect(name: LinkDirection): boolean {
    return !this.#options.faults.has('link') && this.#directions?.[name].line.isIdle !== false;
  }

  #isEmpty(name: LinkDirection): boolean {
    return this.#directions?.[name].line.isEmpty !== false;
  }

  #delay(name: LinkDirection, run: () => void): void {
    this.#directions ??= { toClient: this.#direction('toClient'), toService: this.#direction('toService') };
    const { line, faults } = this.#directions[name];
    const delayMs = faults.nextDelayMs();
    if (delayMs === 0 && line.isIdle) run();
    else line.push(delayMs, run);
  }

  #direction(name: LinkDirection): Direction {
    const { clock, faults, hub, ordinal } = this.#options;
    return {
      // A network that holds so much has broken: the socket's end is then seen as that of any other.
      line: new DelayLine(clock, () => this.#ws.terminate()),
      faults: new LinkFaults(faults, hub, ordinal, name),
    };
  }

  #lose(): void {
    this.#directions?.toClient.line.close();
    this.#directions?.toService.line.close();
  }
}

type LinkDirection = 'toClient' | 'toService';

/** How long the messages of one connection take in one direction. Each has a stream of chance of its own. */
export class LinkFaults {
  readonly #engine: WebPubSubFaultEngine;
  readonly #hub: string;
  readonly #direction: LinkDirection;
  readonly #streamName: string;
  #stream: { readonly version: number; readonly random: Random } | undefined;

  /** @param ordinal which connection of the hub it is, counted from 1: the same script draws the same delays again */
  constructor(engine: WebPubSubFaultEngine, hub: string, ordinal: number, direction: LinkDirection) {
    this.#engine = engine;
    this.#hub = hub;
    this.#direction = direction;
    this.#streamName = `link/${hub}/${ordinal}/${direction}`;
  }

  /** Whether every message goes at once. */
  get none(): boolean {
    return !this.#engine.has('link');
  }

  /** The delay of the next message: that of every rule that hits, together. */
  nextDelayMs(): number {
    if (this.none) return 0;
    const { version } = this.#engine;
    if (this.#stream?.version !== version)
      this.#stream = { version, random: this.#engine.stream(this.#streamName) };
    const { random } = this.#stream;
    const hits = this.#engine.draw('link', { hub: this.#hub, name: this.#direction }, random);
    return hits.reduce((sum, rule) => sum + drawDelay(rule.delayMs, random), 0);
  }
}
