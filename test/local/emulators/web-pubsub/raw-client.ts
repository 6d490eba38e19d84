import { once } from 'node:events';
import { type JWTPayload, SignJWT } from 'jose';
import { type ClientOptions, WebSocket } from 'ws';
import type { RunningWebPubSub } from '../../../../local/emulators/web-pubsub/service/server.ts';
import type { Resources } from './service.ts';

export interface TokenClaims {
  readonly [claim: string]: unknown;
  readonly aud?: string | undefined;
  readonly exp?: number | undefined;
}

/** A client token with these claims; audience and expiry are right unless they are given. */
export function clientToken(
  service: RunningWebPubSub,
  claims: TokenClaims = {},
  { key = service.accessKey, hub = 'chat', algorithm = 'HS256' } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const payload = { aud: `${service.url}/client/hubs/${hub}`, exp: now + 60, ...claims };
  return new SignJWT(payload as JWTPayload)
    .setProtectedHeader({ alg: algorithm })
    .sign(new TextEncoder().encode(key));
}

/** A WebSocket without an SDK, for what an SDK would not send or would hide. */
export class RawClient {
  readonly ws: WebSocket;
  readonly frames: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data) => this.frames.push(data.toString()));
    ws.on('error', () => {});
    this.closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /** Connects; rejects with `HTTP {status} {body}` when the upgrade is refused. */
  static async open(
    resources: Resources,
    url: string,
    subprotocols: string | readonly string[] = 'json.webpubsub.azure.v1',
    options: ClientOptions = {},
  ): Promise<RawClient> {
    const ws = new WebSocket(url, [subprotocols].flat(), options);
    resources.add(ws, () => ws.terminate());
    const client = new RawClient(ws);
    const refused = new Promise<never>((_, reject) => {
      ws.once('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => reject(new Error(`HTTP ${response.statusCode} ${body}`)));
      });
    });
    await Promise.race([once(ws, 'open'), refused]);
    return client;
  }

  send(message: unknown): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  messages(): Record<string, unknown>[] {
    return this.frames.map((frame) => JSON.parse(frame) as Record<string, unknown>);
  }
}

/** The WebSocket address of a hub. */
export function clientUrl(service: RunningWebPubSub, token: string, hub = 'chat'): string {
  return `${service.url.replace('http', 'ws')}/client/hubs/${hub}?access_token=${token}`;
}
