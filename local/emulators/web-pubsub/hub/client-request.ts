import { CloseCode } from '../base/close-codes.ts';
import type { AckId } from './ack-ledger.ts';
import type { AckError, ClientRequest, GroupRequest, MessageOrigin } from './client-codec.ts';
import type { Step } from './commands.ts';
import type { Connection } from './connection.ts';
import type { MessageDelivery } from './delivery.ts';
import type { Membership } from './membership.ts';
import type { Sessions } from './sessions.ts';

/**
 * Handles one message of a client. An ack id that was processed with success before is answered `Duplicate` and does
 * nothing; one that failed may be tried again. Without an ack id nothing is answered, not even an error; but a client
 * to which errors cannot be told at all (`onFailure: 'close'`) is closed for it.
 */
export function handleRequest(
  connection: Connection,
  request: ClientRequest,
  members: Membership,
  sessions: Sessions,
  delivery: MessageDelivery,
  step: Step,
): void {
  switch (request.type) {
    case 'ping':
      sessions.write(connection, connection.codec.pong(), step);
      return;
    case 'sequenceAck':
      connection.replay?.acknowledge(request.sequenceId);
      return;
    case 'joinGroup':
    case 'leaveGroup':
    case 'sendToGroup':
    case 'event':
      break;
  }
  const { ackId } = request;
  if (ackId !== undefined && connection.processedAckIds.has(ackId)) {
    const message = `Message with ack-id: ${ackId} has been processed`;
    sessions.write(connection, connection.codec.ack(ackId, { name: 'Duplicate', message }), step);
    return;
  }
  if (request.type === 'event') {
    const event = connection.event('user', request.event, request.data);
    connection.eventUnderWay = { eventId: event.id, ackId };
    step.effects.push({ type: 'callHandler', event });
    sessions.setReading(connection, 'pauseReading', step);
    return;
  }
  const error = handleGroupRequest(connection, request, members, delivery, step);
  if (error !== undefined && connection.codec.onFailure === 'close') {
    sessions.end(connection, CloseCode.policyViolation, error.message, step);
    return;
  }
  acknowledge(connection, ackId, error, sessions, step);
}

function handleGroupRequest(
  connection: Connection,
  request: GroupRequest,
  members: Membership,
  delivery: MessageDelivery,
  step: Step,
): AckError | undefined {
  const { group } = request;
  switch (request.type) {
    case 'joinGroup':
      if (!connection.permissions.allows('joinLeaveGroup', group)) return forbidden('join', group);
      members.join(connection, group);
      return undefined;
    case 'leaveGroup':
      if (!connection.permissions.allows('joinLeaveGroup', group)) return forbidden('leave', group);
      members.leave(connection, group);
      return undefined;
    case 'sendToGroup': {
      if (!connection.permissions.allows('sendToGroup', group)) return forbidden('send to', group);
      const { userId } = connection;
      const origin: MessageOrigin =
        userId === undefined ? { from: 'group', group } : { from: 'group', group, fromUserId: userId };
      const exceptId = request.noEcho ? connection.id : undefined;
      delivery.publish({ target: { to: 'group', group }, exceptId }, origin, request.data, step);
      return undefined;
    }
  }
}

function forbidden(action: string, group: string): AckError {
  return { name: 'Forbidden', message: `The client does not have permission to ${action} group '${group}'.` };
}

function acknowledge(
  connection: Connection,
  ackId: AckId | undefined,
  error: AckError | undefined,
  sessions: Sessions,
  step: Step,
): void {
  if (ackId === undefined) return;
  if (error === undefined) connection.processedAckIds.add(ackId);
  sessions.write(connection, connection.codec.ack(ackId, error), step);
}
