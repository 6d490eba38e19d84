import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { isLoopbackHost, isLoopbackHttp } from '../../../shared/base/loopback-url.ts';
import { answerAndClose } from '../common/answer.ts';
import { SERVER_KEEPS_MS } from '../common/idle-connections.ts';

/** The part of Azurite's table server that is used. */
interface AzuriteTableServer {
  readonly httpServer: Server;
  start(): Promise<void>;
  close(): Promise<void>;
  /** `http://<address>:<port>`, with the port that was found when 0 was asked for. */
  getHttpServerAddress(): string;
}

interface AzuriteTableOptions {
  readonly host: string;
  readonly port: number;
  /** The file that keeps the tables; without one they live in memory. */
  readonly file: string | undefined;
}

/** A module of CommonJS with a default export, as an import sees it. */
interface CommonJs {
  readonly default: { readonly default: Constructor };
}

interface Constructor {
  new (...args: unknown[]): AzuriteTableServer;
}

/**
 * Makes Azurite's table server inside this process. Azurite 3.35 has no public interface for this, so two of its files
 * are imported by their path, and nowhere else. They do not switch Azurite's telemetry on: only its own command line
 * does.
 */
export async function createAzuriteTableServer({
  host,
  port,
  file,
}: AzuriteTableOptions): Promise<AzuriteTableServer> {
  const [TableConfiguration, TableServer] = (
    await Promise.all([
      // @ts-expect-error: Azurite declares no types.
      import('azurite/dist/src/table/TableConfiguration.js'),
      // @ts-expect-error: Azurite declares no types.
      import('azurite/dist/src/table/TableServer.js'),
    ])
  ).map((module) => (module as unknown as CommonJs).default.default) as [Constructor, Constructor];
  const server = new TableServer(
    new TableConfiguration(
      host,
      port,
      SERVER_KEEPS_MS / 1_000,
      file ?? 'unused',
      false, // debug log
      false, // access log
      undefined, // access log stream
      undefined, // debug log file
      false, // loose: unsupported headers are errors
      true, // accept every API version: a newer SDK must not be refused for its date
      '', // certificate
      '', // its key
      '', // its password
      undefined, // OAuth
      false, // account names in host names
      file === undefined, // in memory
    ),
  );
  if (isLoopbackHost(host)) refusePages(server.httpServer);
  // Azurite decodes each piece of a body by itself, which spoils a character that the network has cut in two; those of
  // batches it joins first.
  server.httpServer.prependListener('request', (request) => {
    if (request.url?.includes('/$batch') !== true) request.setEncoding('utf8');
  });
  return server;
}

/**
 * The account's key is published, so a page in a browser on this machine could sign requests as well as an application.
 * Browsers name the page (`Origin`), or a name that its owner has led to this machine (DNS rebinding, `Host`).
 */
function refusePages(server: Server): void {
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (isOfPage(request)) answerAndClose(response, 403, 'pages in browsers have no access to table storage');
    else for (const listener of listeners) listener.call(server, request, response);
  });
}

function isOfPage({ headers: { origin, host = '' } }: IncomingMessage): boolean {
  return origin !== undefined || !isLoopbackHttp(`http://${host}`);
}
