/** What wraps a lane's connection: a new object that passes everything on, and the base of those that add something. */
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';
import type { LaneIdentity } from '../../shared/wire/relay/stream-handover.ts';
import type { LaneConnection, LaneListener, LanePublication } from '../lane/lane-connection.ts';

export class LaneWrapper implements LaneConnection {
  protected readonly connection: LaneConnection;
  /** Only where the wrapped connection has it: its presence says that another stream can take the connection over. */
  readonly release?: () => void;

  constructor(connection: LaneConnection) {
    this.connection = connection;
    if (connection.release !== undefined) this.release = () => connection.release?.();
  }

  start(): Promise<void> {
    return this.connection.start();
  }

  sendAudio(packet: Uint8Array<ArrayBuffer>): void {
    this.connection.sendAudio(packet);
  }

  sendEvent(event: LaneEvent): void {
    this.connection.sendEvent(event);
  }

  publish(message: LanePublication): boolean {
    return this.connection.publish?.(message) ?? false;
  }

  tell(event: LaneEvent): void {
    this.connection.tell?.(event);
  }

  get isCongested(): boolean {
    return this.connection.isCongested ?? false;
  }

  get identity(): LaneIdentity | undefined {
    return this.connection.identity;
  }

  stop(): void {
    this.connection.stop();
  }
}

/** A listener that does something of its own for some calls, and passes the others on. */
export function wrapListener(listener: LaneListener, own: Partial<LaneListener>): LaneListener {
  return {
    message: own.message ?? ((message) => listener.message(message)),
    settled: own.settled ?? ((isAcked) => listener.settled(isAcked)),
    control: (value) => listener.control(value),
    closed: () => listener.closed(),
  };
}
