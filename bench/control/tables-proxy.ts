import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { CLIENT_KEEPS_MS } from '../../local/emulators/common/idle-connections.ts';
import { listen } from '../../local/emulators/common/listen.ts';

/** One request to table storage: what it does, and to which table. A query reads a range of rows. */
export type TablesRequest =
  `${'create table' | 'read' | 'query' | 'insert' | 'update' | 'delete' | 'transaction'} ${string}`;

interface TablesProxyOptions {
  /** Where table storage is. */
  readonly port: number;
  /** Sees every request before it is passed on. */
  readonly onRequest?: (request: TablesRequest) => void;
  /** Asked for each request that depends on a row's version; true makes it lose, as if another had been quicker. */
  readonly loses?: () => boolean;
  /** Asked for each request once storage has answered it; true keeps the answer back and cuts the connection. */
  readonly forgets?: (request: TablesRequest) => boolean;
}

export interface TablesProxy {
  readonly port: number;
  /** Requests that were made to come too late. */
  readonly conflicts: number;
  close(): Promise<void>;
}

/** Stands between an app and table storage: reports requests, and lets writes lose against others that never were. */
export async function startTablesProxy(options: TablesProxyOptions): Promise<TablesProxy> {
  const agent = new Agent({ keepAlive: true, timeout: CLIENT_KEEPS_MS });
  let conflicts = 0;
  const passOn = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(incoming);
    const { method = 'GET', url = '/', headers } = incoming;
    const name = nameOf(method, url, body);
    options.onRequest?.(name);
    const isLate = ETAG.test(body) && options.loses?.() === true;
    if (isLate) conflicts += 1;
    const onward = request(
      { agent, host: '127.0.0.1', port: options.port, method, path: url, headers },
      (answer) => {
        if (options.forgets?.(name) === true) {
          answer.resume();
          response.destroy();
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(isLate ? body.replace(ETAG, (_, before: string) => `${before}1601-01-01`) : body);
  };
  const { server, url, stop } = await listen('127.0.0.1', 0, undefined);
  server.on('request', (incoming, response) => {
    passOn(incoming, response).catch(() => response.destroy());
  });
  return {
    port: Number(new URL(url).port),
    get conflicts() {
      return conflicts;
    },
    close: async () => {
      agent.destroy();
      await stop();
    },
  };
}

/** The version of a row that a transaction expects: a time, whose date another of the same length replaces. */
const ETAG = /(\nif-match: *W\/"datetime'(?:%27)?)\d{4}-\d\d-\d\d/i;

/** `/{account}/{table}`, and what follows where rows are named or searched. */
const ADDRESS = /^\/[^/]+\/(\$batch|\w+)(\(.*?\))?/;

const CHANGES: Readonly<Record<string, 'update' | 'delete'>> = {
  PUT: 'update',
  MERGE: 'update',
  PATCH: 'update',
  DELETE: 'delete',
};

function nameOf(method: string, url: string, body: string): TablesRequest {
  const [, name = '', rows = ''] = ADDRESS.exec(decodeURIComponent(url)) ?? [];
  if (name === '$batch')
    return `transaction ${/\n[A-Z]+ \S+?:\/\/[^/]+\/[^/]+\/(\w+)/.exec(body)?.[1] ?? 'unknown'}`;
  if (name === 'Tables') return `create table ${/"TableName":"(\w+)"/.exec(body)?.[1] ?? 'unknown'}`;
  if (method === 'GET') return rows === '()' || rows === '' ? `query ${name}` : `read ${name}`;
  return `${CHANGES[method] ?? 'insert'} ${name}`;
}
