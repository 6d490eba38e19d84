import { seededRandom } from '../../../../../local/emulators/common/random.ts';
import { SERVICE_LIMITS } from '../../../../../local/emulators/web-pubsub/base/limits.ts';
import { RawCodec } from '../../../../../local/emulators/web-pubsub/client-protocol/raw-codec.ts';
import type { ClientCodec, Frame } from '../../../../../local/emulators/web-pubsub/hub/client-codec.ts';
import type { HubCommand, HubEffect } from '../../../../../local/emulators/web-pubsub/hub/commands.ts';
import { Hub } from '../../../../../local/emulators/web-pubsub/hub/hub.ts';
import { decodeProto } from '../../../../support/web-pubsub-proto.ts';
import { codecOf } from '../hub/hub-driver.ts';
import { randomFrame } from './frames.ts';

const OBSERVER = 'observer';

const CODECS: readonly { readonly codec: ClientCodec; readonly binary: boolean }[] = [
  { codec: codecOf('json.webpubsub.azure.v1'), binary: false },
  { codec: codecOf('json.reliable.webpubsub.azure.v1'), binary: false },
  { codec: codecOf('protobuf.webpubsub.azure.v1'), binary: true },
  { codec: codecOf('protobuf.reliable.webpubsub.azure.v1'), binary: true },
  { codec: new RawCodec({ mode: 'sendEvent' }, ''), binary: true },
  { codec: new RawCodec({ mode: 'sendToGroup', group: 'g', noEcho: false }, ''), binary: false },
];

export interface HubFuzzReport {
  readonly frames: number;
  /** How often a client was closed, by close code. */
  readonly closed: Readonly<Record<number, number>>;
  /**
   * Acks that said yes and acks that said no, answers to pings and messages: everything that was written to the
   * clients.
   */
  readonly written: number;
}

/**
 * Feeds random and damaged frames to a hub, each as the next frame of some client, and checks what becomes of it.
 * @throws Error that names the frame, when the hub throws, closes a client for the wrong reason or not at all, touches
 *   a client that did nothing, or has something left when all have gone
 */
export function fuzzHub(seed: string, frames: number): HubFuzzReport {
  const random = seededRandom(seed);
  const hub = new Hub('chat', { limits: SERVICE_LIMITS, onUserEventFailure: 'errorAck' });
  const closed: Record<number, number> = {};
  let written = 0;
  let transports = 0;
  const open = (connectionId: string, codec: ClientCodec): number => {
    transports += 1;
    const roles = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];
    const client = { connectionId, codec, groups: ['g'], roles, originHost: 'localhost', userId: 'u' };
    hub.apply({ type: 'open', transportId: transports, client }, 0);
    return transports;
  };
  const observer = open(OBSERVER, codecOf('json.webpubsub.azure.v1'));
  const current = CODECS.map(({ codec }, index) => open(`c${index}`, codec));

  for (let frame = 0; frame < frames; frame += 1) {
    const index = Math.floor(random.fraction() * CODECS.length);
    const { codec, binary } = CODECS[index] ?? never();
    const transportId = current[index] ?? never();
    const received = randomFrame(random, binary);
    const told = `frame ${frame} of seed '${seed}' on ${codec.subprotocol || 'no subprotocol'}: ${describe(received)}`;
    const effects = applyWithAnswers(hub, { type: 'frame', transportId, frame: received }, told);
    let code: number | undefined;
    for (const effect of effects) {
      if (effect.type === 'write') written += 1;
      if (effect.type !== 'closeTransport') continue;
      if (effect.transportId === observer)
        throw new Error(`a client that did nothing was closed after ${told}`);
      if (effect.transportId === transportId) code = effect.code;
    }
    checkVerdict(codec, received, code, told);
    // Those whose buffers filled with what others sent are closed with 1008 as well: all that went come back anew.
    for (const [each, { codec: itsCodec }] of CODECS.entries()) {
      if (hub.has({ to: 'connection', connectionId: `c${each}` })) continue;
      current[each] = open(`c${each}`, itsCodec);
    }
    if (code !== undefined) closed[code] = (closed[code] ?? 0) + 1;
  }
  hub.apply({ type: 'closeConnections', target: { to: 'all' }, reason: 'over' }, 0);
  if (hub.size !== 0 || hub.nextExpiryMs() !== undefined || hub.has({ to: 'group', group: 'g' }))
    throw new Error(`something is left of the hub after seed '${seed}'`);
  return { frames, closed, written };
}

/** Applies a command; events that it leads to are answered at once, and what they lead to in turn. */
function applyWithAnswers(hub: Hub, command: HubCommand, told: string): HubEffect[] {
  const all: HubEffect[] = [];
  const waiting: HubCommand[] = [command];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    let effects: HubEffect[];
    try {
      effects = hub.apply(next, 0);
    } catch (error) {
      throw new Error(`the hub failed on ${told}`, { cause: error });
    }
    for (const effect of effects) {
      all.push(effect);
      if (effect.type !== 'callHandler') continue;
      const { connectionId, id: eventId } = effect.event;
      waiting.push({ type: 'eventAnswered', connectionId, eventId, outcome: { ok: true } });
    }
  }
  return all;
}

/**
 * What a judge other than the codec can say: the kind of the frame, and whether its text or bytes can be read at all.
 */
function checkVerdict(codec: ClientCodec, frame: Frame, code: number | undefined, told: string): void {
  const { subprotocol } = codec;
  if (subprotocol === '') {
    if (code !== undefined) throw new Error(`a simple client was closed with ${code} after ${told}`);
    return;
  }
  const protobuf = subprotocol.startsWith('protobuf');
  if (frame.binary !== protobuf) {
    if (code !== 1003) throw new Error(`a frame of the wrong kind led to ${code}, not to 1003: ${told}`);
    return;
  }
  const readable = protobuf ? isProtobuf(frame.bytes) : isJsonObject(frame.bytes);
  if (!readable && code !== 1007)
    throw new Error(`a frame that cannot be read led to ${code}, not to 1007: ${told}`);
  // 1008: its own buffer of messages that it does not acknowledge is full.
  if (code !== undefined && code !== 1007 && !(codec.reliable && code === 1008))
    throw new Error(`a client was closed with ${code} after ${told}`);
}

function isJsonObject(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function isProtobuf(bytes: Uint8Array): boolean {
  try {
    decodeProto('UpstreamMessage', bytes);
    return bytes.byteLength > 0;
  } catch {
    return false;
  }
}

function describe({ bytes, binary }: Frame): string {
  return `${binary ? 'binary' : 'text'} ${Buffer.from(bytes).toString('hex')}`;
}

function never(): never {
  throw new Error('the fuzz has no such client');
}
