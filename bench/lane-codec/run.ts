/**
 * What a lane's messages cost the relay, in JSON as Microsoft's client writes them and in protobuf:
 * `npm run bench -- lane-codec [--smoke] [--rounds 15] [--json file]`. One message is written and one is read for each
 * chunk. The two take turns, and the report shows the medians of the rounds.
 */
import { parseArgs } from 'node:util';
import {
  type WebPubSubClientProtocol,
  WebPubSubJsonReliableProtocol,
  type WebPubSubMessage,
} from '@azure/web-pubsub-client';
import { protobufProtocol } from '../../functions/workers/hosts/resident/web-pubsub-protocol.ts';
import { RTP_HEADER_BYTES } from '../../shared/wire/lane/rtp.ts';
import { COMMON_OPTIONS, wholeNumberOption, writeJsonReport } from '../common/options.ts';

/** Chunks of this many milliseconds at 16 kHz. */
const CHUNKS_MS = [20, 60, 100, 400] as const;
const BYTES_PER_MS = 32;

const FULL = { rounds: 15, messages: 5_000 } as const;
const SMOKE = { rounds: 3, messages: 200 } as const;

interface Row {
  readonly chunkMs: number;
  readonly operation: 'write' | 'read';
  readonly jsonNs: number;
  readonly protobufNs: number;
  readonly jsonBytes: number;
  readonly protobufBytes: number;
}

type Wire = string | ArrayBuffer;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { ...COMMON_OPTIONS, rounds: { type: 'string' } },
  });
  const plan = values.smoke ? SMOKE : FULL;
  const rounds = values.rounds === undefined ? plan.rounds : wholeNumberOption('--rounds', values.rounds);
  const rows = CHUNKS_MS.flatMap((chunkMs) => measure(chunkMs, rounds, plan.messages));
  process.stdout.write(table(rows));
  await writeJsonReport(values.json, rows);
  return 0;
}

function measure(chunkMs: number, rounds: number, messages: number): Row[] {
  const json = WebPubSubJsonReliableProtocol();
  const protobuf = protobufProtocol('reliable');
  const audio = Uint8Array.from(
    { length: RTP_HEADER_BYTES + chunkMs * BYTES_PER_MS },
    (_, i) => (i * 31) & 0xff,
  );
  const event: WebPubSubMessage = {
    kind: 'sendEvent',
    event: 'echo',
    dataType: 'binary',
    data: audio.buffer,
    ackId: 4_711,
  };
  const replies = { json: jsonReply(audio), protobuf: protobufReply(audio) };
  checkReply(json, replies.json, audio);
  checkReply(protobuf, replies.protobuf, audio);
  const written = { json: json.writeMessage(event), protobuf: protobuf.writeMessage(event) };
  const times = {
    write: inTurns(
      rounds,
      messages,
      () => json.writeMessage(event),
      () => protobuf.writeMessage(event),
    ),
    read: inTurns(
      rounds,
      messages,
      () => json.parseMessages(replies.json),
      () => protobuf.parseMessages(replies.protobuf),
    ),
  };
  return [
    {
      chunkMs,
      operation: 'write',
      ...times.write,
      jsonBytes: size(written.json),
      protobufBytes: size(written.protobuf),
    },
    {
      chunkMs,
      operation: 'read',
      ...times.read,
      jsonBytes: size(replies.json),
      protobufBytes: size(replies.protobuf),
    },
  ];
}

/** Nanoseconds for one call of each, the median of the rounds. */
function inTurns(
  rounds: number,
  messages: number,
  json: () => unknown,
  protobuf: () => unknown,
): { jsonNs: number; protobufNs: number } {
  const times: { json: number[]; protobuf: number[] } = { json: [], protobuf: [] };
  for (let round = -1; round < rounds; round += 1) {
    const measured = { json: timeOf(json, messages), protobuf: timeOf(protobuf, messages) };
    // The first round warms up.
    if (round < 0) continue;
    times.json.push(measured.json);
    times.protobuf.push(measured.protobuf);
  }
  return { jsonNs: median(times.json), protobufNs: median(times.protobuf) };
}

function timeOf(work: () => unknown, messages: number): number {
  const startedAt = process.hrtime.bigint();
  for (let i = 0; i < messages; i += 1) work();
  return Number(process.hrtime.bigint() - startedAt) / messages;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A reply of a worker as the service writes it. */
function jsonReply(audio: Uint8Array): string {
  const data = Buffer.from(audio).toString('base64');
  return JSON.stringify({ type: 'message', from: 'server', dataType: 'binary', data, sequenceId: 4_711 });
}

/** The same in protobuf: `DownstreamMessage { data_message = 2 }`, its members by number. */
function protobufReply(audio: Uint8Array): ArrayBuffer {
  const data = lengthDelimited(2, audio);
  const message = Buffer.concat([
    lengthDelimited(1, Buffer.from('server')),
    lengthDelimited(3, data),
    Buffer.from([4 * 8, 0xe7, 0x24]),
  ]);
  return Uint8Array.from(lengthDelimited(2, message)).buffer;
}

function lengthDelimited(field: number, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = bytes.byteLength;
  for (; rest > 0x7f; rest >>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([field * 8 + 2, ...length, rest]), bytes]);
}

/** A measurement of a reader that reads something else would measure nothing. */
function checkReply(protocol: WebPubSubClientProtocol, wire: Wire, audio: Uint8Array): void {
  const message = protocol.parseMessages(wire);
  const data =
    message !== null && !Array.isArray(message) && message.kind === 'serverData' ? message.data : undefined;
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
  if (!(bytes instanceof Uint8Array) || !Buffer.from(bytes).equals(audio)) {
    throw new Error(`${protocol.name} does not read the reply that is measured`);
  }
}

function size(wire: Wire): number {
  return typeof wire === 'string' ? Buffer.byteLength(wire) : wire.byteLength;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ chunkMs, operation, jsonNs, protobufNs, jsonBytes, protobufBytes }) =>
    [
      `${chunkMs} ms`.padStart(7),
      operation.padEnd(5),
      `${Math.round(jsonNs)} ns`.padStart(11),
      `${Math.round(protobufNs)} ns`.padStart(11),
      `${(jsonNs / protobufNs).toFixed(1)}x`.padStart(7),
      `${jsonBytes} B`.padStart(9),
      `${protobufBytes} B`.padStart(9),
    ].join('  '),
  );
  const head = '  chunk  what          JSON     protobuf    ratio       JSON   protobuf';
  return `${[head, ...lines].join('\n')}\n`;
}
