import { CloseCode } from '../base/close-codes.ts';
import type { Limits } from '../base/limits.ts';
import type { Frame, MessageOrigin } from './client-codec.ts';
import type { HubCommand, Step, TransportEnd } from './commands.ts';
import { Connection } from './connection.ts';
import type { Membership } from './membership.ts';

/** RFC 6455: the close frame had no status code. A browser's and the SDK's plain `close()` send it. */
const CLOSED_WITHOUT_CODE = 1005;

/** Which connection has which socket, and how each begins, waits and ends; `Attachment` has the diagram. */
export class Sessions {
  readonly #hub: string;
  readonly #limits: Limits;
  readonly #members: Membership;
  readonly #byTransport = new Map<number, Connection>();
  /** In the order in which they lost their sockets, so that the first one expires first. */
  readonly #detached = new Set<Connection>();

  constructor(hub: string, limits: Limits, members: Membership) {
    this.#hub = hub;
    this.#limits = limits;
    this.#members = members;
  }

  /** The connection whose socket this is at the moment. */
  at(transportId: number): Connection | undefined {
    return this.#byTransport.get(transportId);
  }

  open(command: Extract<HubCommand, { type: 'open' }>, step: Step): void {
    const connection = new Connection(this.#hub, command.client, command.transportId, this.#limits);
    this.#members.add(connection);
    this.#byTransport.set(command.transportId, connection);
    for (const group of command.client.groups) this.#members.join(connection, group);
    const { codec, id, userId } = connection;
    this.write(connection, codec.connected(id, userId, command.reconnectionToken), step);
    const event = connection.event('system', 'connected', { payload: { dataType: 'json', json: '{}' } });
    step.effects.push({ type: 'notifyHandler', event });
  }

  recover(command: Extract<HubCommand, { type: 'recover' }>, step: Step): void {
    const { transportId } = command;
    const connection = this.#members.get(command.connectionId);
    if (connection?.replay === undefined) {
      const reason = 'the connection cannot be recovered';
      step.effects.push({ type: 'closeTransport', transportId, code: CloseCode.policyViolation, reason });
      return;
    }
    const { attachment } = connection;
    if (attachment.state === 'attached') {
      this.#byTransport.delete(attachment.transportId);
      step.effects.push({ type: 'abortTransport', transportId: attachment.transportId });
    }
    this.#detached.delete(connection);
    connection.attachment = { state: 'attached', transportId };
    this.#byTransport.set(transportId, connection);
    if (connection.eventUnderWay !== undefined) step.effects.push({ type: 'pauseReading', transportId });
    const { codec, id, userId } = connection;
    this.write(connection, codec.connected(id, userId, command.reconnectionToken), step);
    for (const { frame, origin } of connection.replay.kept(step.nowMs))
      this.write(connection, frame, step, origin);
  }

  transportEnded(connection: Connection, end: TransportEnd, step: Step): void {
    const over = sessionEndOf(end);
    if (over !== undefined) {
      this.end(connection, over.code, over.reason, step);
      return;
    }
    if (connection.attachment.state !== 'attached') return;
    this.#byTransport.delete(connection.attachment.transportId);
    if (connection.replay === undefined) {
      this.end(connection, CloseCode.normal, 'the connection was lost', step);
      return;
    }
    const recoverableUntilMs = step.nowMs + this.#limits.recoveryWindowMs;
    connection.attachment = { state: 'detached', recoverableUntilMs };
    this.#detached.add(connection);
  }

  /** Cuts the socket as a network does. */
  drop(connection: Connection, step: Step): void {
    if (connection.attachment.state !== 'attached') return;
    step.effects.push({ type: 'abortTransport', transportId: connection.attachment.transportId });
    this.transportEnded(connection, { how: 'lost' }, step);
  }

  /**
   * Ends the session for good: nothing can recover it. The handler is told the reason, and the client, too, unless the
   * end is a normal one: such a close frame of the service has no text.
   */
  end(connection: Connection, code: number, reason: string, step: Step): void {
    const { attachment } = connection;
    if (attachment.state === 'gone') return;
    connection.attachment = { state: 'gone' };
    connection.waiting.length = 0;
    this.#detached.delete(connection);
    this.#members.remove(connection);
    if (attachment.state === 'attached') {
      this.#byTransport.delete(attachment.transportId);
      const said = code === CloseCode.normal ? '' : reason;
      step.effects.push({ type: 'closeTransport', transportId: attachment.transportId, code, reason: said });
    }
    const json = JSON.stringify({ reason });
    step.effects.push({
      type: 'notifyHandler',
      event: connection.event('system', 'disconnected', { payload: { dataType: 'json', json } }),
    });
  }

  /** Ends every session whose client did not come back in time. */
  expire(step: Step): void {
    for (const connection of this.#detached) {
      const { attachment } = connection;
      if (attachment.state !== 'detached' || attachment.recoverableUntilMs > step.nowMs) continue;
      this.end(connection, CloseCode.policyViolation, 'the connection was not recovered in time', step);
    }
  }

  nextExpiryMs(): number | undefined {
    for (const { attachment } of this.#detached)
      if (attachment.state === 'detached') return attachment.recoverableUntilMs;
    return undefined;
  }

  /** Writes a frame to a client that is there; what a codec has no form for is not written. */
  write(connection: Connection, frame: Frame | undefined, step: Step, origin?: MessageOrigin): void {
    if (frame === undefined || connection.attachment.state !== 'attached') return;
    const { transportId } = connection.attachment;
    if (origin === undefined) step.effects.push({ type: 'write', transportId, frame });
    else step.effects.push({ type: 'write', transportId, frame, origin });
  }

  /** Stops or resumes the reading of what a client sends. */
  setReading(connection: Connection, type: 'pauseReading' | 'resumeReading', step: Step): void {
    if (connection.attachment.state !== 'attached') return;
    step.effects.push({ type, transportId: connection.attachment.transportId });
  }
}

/** Why a socket's end is the end of its session too; undefined when a reliable client may come back for it. */
function sessionEndOf(end: TransportEnd): { readonly code: number; readonly reason: string } | undefined {
  switch (end.how) {
    case 'violation':
      return end;
    case 'tooSlow':
      return { code: CloseCode.policyViolation, reason: 'slow client: the outbound queue is full' };
    case 'closed': {
      const isGoodbye = end.code === CloseCode.normal || end.code === CLOSED_WITHOUT_CODE;
      return isGoodbye ? { code: CloseCode.normal, reason: end.reason } : undefined;
    }
    case 'lost':
      return undefined;
  }
}
