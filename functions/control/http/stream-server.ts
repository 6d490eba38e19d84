/** The server of `@azure/functions` behind HTTP streaming, to which the Functions host forwards every request. */
import http from 'node:http';

/** The host takes 32 KB of headers. Node's 16 KB would leave a request between them without an answer for minutes. */
const MAX_HEADER_BYTES = 65_536;

/** Listens on loopback where no address is given. */
class StreamServer extends http.Server {
  constructor(...args: unknown[]) {
    const options = args.find((given) => typeof given === 'object') ?? {};
    const listener = args.find((given) => typeof given === 'function');
    super({ ...options, maxHeaderSize: MAX_HEADER_BYTES }, listener as http.RequestListener | undefined);
  }

  override listen(...args: unknown[]): this {
    const [port, listening, ...more] = typeof args[0] === 'number' ? args : [0, ...args];
    const isPlain = more.length === 0 && (listening === undefined || typeof listening === 'function');
    return isPlain
      ? super.listen(port as number, '127.0.0.1', listening as (() => void) | undefined)
      : super.listen(...(args as []));
  }
}

/**
 * Makes the HTTP servers of this process `StreamServer`s. `@azure/functions` makes its own when the app has loaded. It
 * takes no options for it, and would listen on every interface without a key.
 */
export function guardStreamServer(): void {
  Object.assign(http, { createServer: (...args: unknown[]) => new StreamServer(...args) });
}
