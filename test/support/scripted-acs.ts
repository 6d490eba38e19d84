import { createServer } from 'node:http';
import { closeAtOnce, listenOnLoopback } from './loopback.ts';

export interface ScriptedAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
  /** The connection is cut instead of an answer. */
  readonly cut?: boolean;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly repeatabilityId: string | undefined;
  readonly firstSent: string | undefined;
  readonly json: unknown;
}

export interface ScriptedAcs {
  readonly connectionString: string;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/** An HTTP server in the place of ACS that gives these answers in turn, the last one for ever. */
export async function startScriptedAcs(...answers: readonly ScriptedAnswer[]): Promise<ScriptedAcs> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = answers[Math.min(seen.length, answers.length - 1)] ?? { status: 500 };
      const header = (name: string): string | undefined => {
        const value = request.headers[name];
        return typeof value === 'string' ? value : undefined;
      };
      const text = Buffer.concat(chunks).toString();
      seen.push({
        method: request.method ?? '',
        path: (request.url ?? '').split('?', 1)[0] ?? '',
        repeatabilityId: header('repeatability-request-id'),
        firstSent: header('repeatability-first-sent'),
        json: text === '' ? undefined : JSON.parse(text),
      });
      if (answer.cut === true) {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.json === undefined ? undefined : JSON.stringify(answer.json));
    });
  });
  const port = await listenOnLoopback(server);
  return {
    connectionString: `endpoint=http://127.0.0.1:${port}/;accesskey=${Buffer.from('a key for the tests').toString('base64')}`,
    seen,
    close: () => closeAtOnce(server),
  };
}
