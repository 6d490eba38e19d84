import { once } from 'node:events';
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
} from 'node:http';
import { Agent as HttpsAgent, request as requestTls } from 'node:https';
import { readBody } from '../../common/read-body.ts';

/** Connections to one handler; requests beyond wait for one to become free. */
const CONNECTIONS_PER_HANDLER_MAX = 1_000;
/** Below the idle time of common servers (Node: 5 s), so that no request meets a closing connection. */
const IDLE_CONNECTION_MS = 4_000;

const BEYOND_ASCII = /[\u0080-\u00ff]/;

/** Why no usable answer came; the message is a sentence that may reach a client. */
export class HandlerUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HandlerUnreachable';
  }
}

interface HandlerRequest {
  readonly method: 'POST' | 'OPTIONS' | 'GET';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** What came back from an event handler. */
export interface HandlerResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** One request that is under way. */
export interface Exchange {
  /** Rejects with HandlerUnreachable when the answer is of no use, with the network's error when there is none. */
  readonly answer: Promise<HandlerResponse>;
  /** Ends the request whatever its state; `answer` then rejects, if it has not settled. */
  cancel(): void;
}

/** HTTP/1.1 to event handlers over connections that are kept. Redirects are not followed. */
export class HandlerConnections {
  readonly #http = new HttpAgent(agentOptions());
  readonly #https = new HttpsAgent(agentOptions());
  readonly #maxBytes: number;

  /** @param maxBytes longest answer that is taken */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws HandlerUnreachable when the request cannot be written as HTTP */
  send({ method, url, headers, body }: HandlerRequest): Exchange {
    const open = url.protocol === 'https:' ? requestTls : request;
    const agent = url.protocol === 'https:' ? this.#https : this.#http;
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    let outgoing: ClientRequest;
    try {
      outgoing = open(url, {
        method,
        agent,
        // An answer that is not compressed has the size that its Content-Length says.
        headers: { ...headers, 'Accept-Encoding': 'identity', 'Content-Length': length },
      });
    } catch (error) {
      const message = 'The event cannot be sent: a header would hold characters that HTTP does not allow.';
      throw new HandlerUnreachable(message, { cause: error });
    }
    const answer = readAnswer(outgoing, this.#maxBytes);
    // Together with a text Node writes the headers in UTF-8, which would encode a byte of theirs once more.
    const isPlain = Object.values(headers).every((value) => !BEYOND_ASCII.test(value));
    outgoing.end(typeof body === 'string' && !isPlain ? Buffer.from(body) : body);
    return { answer, cancel: () => outgoing.destroy() };
  }

  /** Closes the connections that are not in use. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function agentOptions(): ConstructorParameters<typeof HttpAgent>[0] {
  return { keepAlive: true, maxSockets: CONNECTIONS_PER_HANDLER_MAX, timeout: IDLE_CONNECTION_MS };
}

async function readAnswer(outgoing: ClientRequest, maxBytes: number): Promise<HandlerResponse> {
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  // What goes wrong from here on shows in the answer.
  outgoing.on('error', () => {});
  const body = await readBody(incoming, maxBytes);
  if (body === undefined) {
    outgoing.destroy();
    throw new HandlerUnreachable(`The event handler answered with more than ${maxBytes} bytes.`);
  }
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
}
