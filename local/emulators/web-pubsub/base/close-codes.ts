/** The WebSocket close codes the service uses, with what each means to a Web PubSub client. */
export const CloseCode = Object.freeze({
  /** The server closed the connection on purpose (REST). */
  normal: 1000,
  /** The service goes away; a reliable client tries to recover, finds nothing, and opens a new connection. */
  goingAway: 1001,
  /** The frame breaks the WebSocket protocol itself. */
  protocolError: 1002,
  /** A binary frame on a text subprotocol, or the reverse. */
  wrongFrameType: 1003,
  /** The frame is not a message of the subprotocol. */
  invalidPayload: 1007,
  /** The session is over for good: too slow, buffer full, or not recoverable. Clients do not try to recover. */
  policyViolation: 1008,
  messageTooBig: 1009,
  /** The event handler failed and the service is set to drop the connection for it. */
  internalError: 1011,
});
