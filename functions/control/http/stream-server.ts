/** The server of `@azure/functions` behind HTTP streaming, to which the Functions host forwards every request. */
import http from 'node:http';
import type { ListenOptions } from 'node:net';

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
    const given = args.filter((each) => each !== undefined);
    const listening = given.find((each): each is () => void => typeof each === 'function');
    return super.listen(addressOf(given), listening);
  }
}

const LOOPBACK = '127.0.0.1';

/** What `listen` of Node takes as an object. It takes a port of its own choice where none is given. */
function addressOf([first, second, third]: readonly unknown[]): ListenOptions {
  if (typeof first === 'object' && first !== null) {
    const isElsewhere = 'path' in first || 'fd' in first || '_handle' in first;
    return isElsewhere ? (first as ListenOptions) : { host: LOOPBACK, port: 0, ...definedOf(first) };
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { path: first };
  const backlog = [second, third].find((each) => typeof each === 'number');
  return {
    host: typeof second === 'string' ? second : LOOPBACK,
    port: typeof first === 'function' || first === undefined ? 0 : Number(first),
    ...(backlog === undefined ? {} : { backlog }),
  };
}

function definedOf(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * Makes the HTTP servers of this process `StreamServer`s. `@azure/functions` makes its own when the app has loaded. It
 * takes no options for it, and would listen on every interface without a key.
 */
export function guardStreamServer(): void {
  Object.assign(http, { createServer: (...args: unknown[]) => new StreamServer(...args) });
}
