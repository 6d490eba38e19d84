import type { AckId } from './ack-ledger.ts';
import type { AckError, ClientRequest, Frame, GroupRequest, MessageOrigin } from './client-codec.ts';
import type { Connection } from './connection.ts';
import type { Membership } from './membership.ts';
import type { MessageData } from './payload.ts';
import type { UpstreamEvent } from './upstream-event.ts';

/** What handling one request may do to the hub. */
export interface RequestContext {
  readonly members: Membership;
  write(frame: Frame): void;
  publish(group: string, origin: MessageOrigin, data: MessageData, excluded: ReadonlySet<string>): void;
  callHandler(event: UpstreamEvent): void;
}

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Handles one message of a client. An ack id that was processed with success before is answered `Duplicate` and does nothing;
 * one that failed may be tried again. Without an ack id nothing is answered, not even an error.
 */
export function handleRequest(connection: Connection, request: ClientRequest, context: RequestContext): void {
  switch (request.type) {
    case 'ping':
      context.write(connection.codec.pong());
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
    context.write(connection.codec.ack(ackId, { name: 'Duplicate', message }));
    return;
  }
  if (request.type === 'event') {
    const event = connection.event('user', request.event, request.data);
    connection.eventUnderWay = { eventId: event.id, ackId };
    context.callHandler(event);
    return;
  }
  const error = handleGroupRequest(connection, request, context);
  acknowledge(connection, ackId, error, context);
}

function handleGroupRequest(
  connection: Connection,
  request: GroupRequest,
  context: RequestContext,
): AckError | undefined {
  const { group } = request;
  switch (request.type) {
    case 'joinGroup':
      if (!connection.permissions.allows('joinLeaveGroup', group)) return forbidden('join', group);
      context.members.join(connection, group);
      return undefined;
    case 'leaveGroup':
      if (!connection.permissions.allows('joinLeaveGroup', group)) return forbidden('leave', group);
      context.members.leave(connection, group);
      return undefined;
    case 'sendToGroup': {
      if (!connection.permissions.allows('sendToGroup', group)) return forbidden('send to', group);
      const { userId } = connection;
      const origin = {
        from: 'group',
        group,
        ...(userId === undefined ? {} : { fromUserId: userId }),
      } as const;
      context.publish(group, origin, request.data, request.noEcho ? new Set([connection.id]) : NOBODY);
      return undefined;
    }
  }
}

function forbidden(action: string, group: string): AckError {
  return { name: 'Forbidden', message: `The client has no permission to ${action} group '${group}'.` };
}

function acknowledge(
  connection: Connection,
  ackId: AckId | undefined,
  error: AckError | undefined,
  context: RequestContext,
): void {
  if (ackId === undefined) return;
  if (error === undefined) connection.processedAckIds.add(ackId);
  context.write(connection.codec.ack(ackId, error));
}
