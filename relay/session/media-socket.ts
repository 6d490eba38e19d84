/** The port to the WebSocket of ACS: what a session does with it. */
export interface MediaSocket {
  send(text: string): void;
  /** Bytes that were given to `send` and are not yet with the operating system. */
  bufferedBytes(): number;
  /** Asks the other side to close, with a bound after which the connection is cut. Idempotent. */
  close(code: number, reason: string): void;
}
