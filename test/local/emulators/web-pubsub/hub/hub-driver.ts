import { SERVICE_LIMITS } from '../../../../../local/emulators/web-pubsub/base/limits.ts';
import { CodecRegistry } from '../../../../../local/emulators/web-pubsub/client-protocol/registry.ts';
import type { ClientCodec } from '../../../../../local/emulators/web-pubsub/hub/client-codec.ts';
import type { HubCommand, HubEffect } from '../../../../../local/emulators/web-pubsub/hub/commands.ts';
import { Hub } from '../../../../../local/emulators/web-pubsub/hub/hub.ts';

export function codecOf(name: string): ClientCodec {
  const found = new CodecRegistry('text').codecFor(name);
  if (found === undefined) throw new Error(`no codec ${name}`);
  return found;
}

const RELIABLE = codecOf('json.reliable.webpubsub.azure.v1');

/** Drives a hub by hand: transports are numbers, frames are text, time is what the test says. */
export class HubDriver {
  readonly hub: Hub;
  nowMs = 0;
  /** What each transport was sent, as parsed JSON. */
  readonly sent = new Map<number, Record<string, unknown>[]>();
  readonly other: HubEffect[] = [];

  constructor(limits: Partial<typeof SERVICE_LIMITS> = {}) {
    this.hub = new Hub('chat', { limits: { ...SERVICE_LIMITS, ...limits }, onUserEventFailure: 'errorAck' });
  }

  apply(command: HubCommand): void {
    for (const effect of this.hub.apply(command, this.nowMs)) {
      if (effect.type !== 'write') {
        this.other.push(effect);
        continue;
      }
      const frames = this.sent.get(effect.transportId) ?? [];
      frames.push(JSON.parse(Buffer.from(effect.frame.bytes).toString()) as Record<string, unknown>);
      this.sent.set(effect.transportId, frames);
    }
  }

  open(
    transportId: number,
    client: { codec?: ClientCodec; groups?: string[]; roles?: string[]; userId?: string } = {},
  ): void {
    const { codec = RELIABLE, groups = [], roles = [], userId } = client;
    const connection = { connectionId: `c${transportId}`, codec, groups, roles, originHost: 'localhost' };
    this.apply({
      type: 'open',
      transportId,
      client: userId === undefined ? connection : { ...connection, userId },
      ...(codec.reliable ? { reconnectionToken: 't' } : {}),
    });
  }

  request(transportId: number, message: unknown): void {
    const bytes = Buffer.from(JSON.stringify(message));
    this.apply({ type: 'frame', transportId, frame: { bytes, binary: false } });
  }

  /** Sends to everyone, over REST. */
  publish(text: string, ttlSeconds?: number): void {
    const payload = { dataType: 'text', text } as const;
    const data = ttlSeconds === undefined ? { payload } : { payload, ttlSeconds };
    this.apply({ type: 'send', target: { to: 'all' }, data });
  }

  lose(transportId: number): void {
    this.apply({ type: 'transportEnded', transportId, end: { how: 'lost' } });
  }

  effects<T extends HubEffect['type']>(type: T): Extract<HubEffect, { type: T }>[] {
    return this.other.filter((effect): effect is Extract<HubEffect, { type: T }> => effect.type === type);
  }
}
