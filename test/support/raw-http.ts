import { connect } from 'node:net';

export interface RawRequest {
  readonly method?: string;
  /** As it goes on the wire: nothing is normalised or escaped. */
  readonly target: string;
  /**
   * In this order, repetitions included. `host`, `connection` and `content-length` are added where they are not given,
   * and the length only where the body is not sent in chunks.
   */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const LIMIT_MS = 10_000;

/** Sends a request byte by byte as it is written, as no HTTP client would. Rejects where there is no answer. */
export async function rawHttp(base: string, request: RawRequest): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(base);
  const { method = 'GET', target, headers = [], body = '' } = request;
  const bytes = Buffer.from(body);
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const added: [string, string][] = [
    ['host', host],
    ['connection', 'close'],
    ...(bytes.length > 0 && !given.has('transfer-encoding')
      ? ([['content-length', String(bytes.length)]] as [string, string][])
      : []),
  ];
  const all = [...added.filter(([name]) => !given.has(name)), ...headers];
  const head = [`${method} ${target} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`), '', ''];
  const text = await new Promise<string>((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(Buffer.concat([Buffer.from(head.join('\r\n'), 'utf8'), bytes]));
    });
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`no answer within ${LIMIT_MS} ms`)));
    socket.on('data', (part) => parts.push(part));
    // A server that refuses early closes while the rest is still being sent.
    socket.on('error', (error) => (parts.length > 0 ? undefined : reject(error)));
    socket.on('close', () => resolve(Buffer.concat(parts).toString()));
  });
  return parse(text);
}

function parse(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw new Error(`no HTTP answer: ${JSON.stringify(text.slice(0, 80))}`);
  const headers = new Map(
    lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
  const body = rest.join('\r\n\r\n');
  return { status, headers, body: headers.get('transfer-encoding') === 'chunked' ? dechunked(body) : body };
}

function dechunked(body: string): string {
  let left = Buffer.from(body);
  const parts: Buffer[] = [];
  for (;;) {
    const end = left.indexOf('\r\n');
    const size = Number.parseInt(left.subarray(0, end).toString(), 16);
    if (end < 0 || !(size > 0)) return Buffer.concat(parts).toString();
    parts.push(left.subarray(end + 2, end + 2 + size));
    left = left.subarray(end + 4 + size);
  }
}
