import type { WebSocketConnection } from '../../../../shared/web-socket/web-socket-connection.ts';
import type { Clock } from '../../common/clock.ts';
import { FrameDelivery } from '../faults/frame-delivery.ts';
import type { StreamFaults } from '../faults/media-faults.ts';

/**
 * A connection that a fault makes look dead is cut this long after its stream; until then the application must notice
 * itself.
 */
const DEAD_CONNECTION_MS = 60_000;

interface MediaSocketOptions {
  readonly faults: StreamFaults | undefined;
  readonly clock: Clock;
  /** Bytes that wait for the network at most; while there are more, frames are dropped. */
  readonly maxBufferedBytes: number;
}

/** The sending side of an open media socket: frames with their faults, and never too many at a time. */
export class MediaSocket {
  readonly #socket: WebSocketConnection;
  readonly #options: MediaSocketOptions;
  readonly #delivery: FrameDelivery | undefined;
  #sent = 0;
  #dropped = 0;

  constructor(socket: WebSocketConnection, options: MediaSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#delivery =
      options.faults &&
      new FrameDelivery(options.faults, options.clock, {
        send: (part, { fin }) => this.#socket.send(part, fin),
      });
  }

  /** Whether it can be written to; between the two close frames it cannot. */
  get open(): boolean {
    return this.#socket.isOpen;
  }

  /** AudioData frames that were sent, or that a fault took. */
  get sent(): number {
    return this.#sent;
  }

  /** AudioData frames thrown away because too much was waiting. */
  get dropped(): number {
    return this.#dropped + (this.#delivery?.dropped ?? 0);
  }

  /** Whether a fault makes the connection look dead. Then nothing is read either, so that no ping is answered. */
  get dead(): boolean {
    if (this.#delivery?.halfOpen !== true) return false;
    this.#socket.pause();
    return true;
  }

  /** Sends a message that is no AudioData. */
  send(message: string): void {
    if (this.open && !this.dead) this.#socket.send(message);
  }

  /** Sends one AudioData frame, which may be changed afterwards. */
  sendFrame(frame: Buffer): void {
    if (!this.open || this.dead) return;
    if (this.#socket.bufferedBytes > this.#options.maxBufferedBytes) {
      this.#dropped += 1;
      return;
    }
    this.#sent += 1;
    if (this.#delivery === undefined) this.#socket.send(frame);
    else this.#delivery.send(frame);
  }

  /** Does something that sends several frames, and writes them to the network at once. */
  together(send: () => void): void {
    this.#socket.together(send);
  }

  /** Nothing more is sent. A connection that looks dead stays as it is for a while. */
  close(code: number): void {
    const { dead } = this;
    this.#delivery?.close();
    if (!dead) this.#socket.close(code, '');
    else this.#options.clock.after(DEAD_CONNECTION_MS, () => this.#socket.terminate());
  }
}
