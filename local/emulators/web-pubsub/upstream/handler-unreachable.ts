/** Why no usable answer came; the message is a sentence that may reach a client. */
export class HandlerUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HandlerUnreachable';
  }
}
