/**
 * What a lane's messages cost the relay: in JSON as Microsoft's client writes it, and in protobuf as the project's
 * does: `npm run bench -- lane-codec [--smoke] [--rounds 15] [--json file]`. One message is written and one is read for
 * each chunk. The two take turns; the table shows medians of the rounds.
 */
import { WebPubSubJsonReliableProtocol, type WebPubSubMessage } from '@azure/web-pubsub-client';
import { readArguments } from '../../shared/base/command-line.ts';
import {
  readDownstream,
  type UpstreamMessage,
  writeUpstream,
} from '../../shared/web-pubsub/web-pubsub-protobuf.ts';
import { RTP_HEADER_BYTES } from '../../shared/wire/lane/rtp.ts';
import { benchCommand, takes, wholeNumberOption, writeJsonReport } from '../common/options.ts';

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

const BENCH = benchCommand(
  'lane-codec',
  'Compares what a message of a lane costs in the JSON and in the protobuf subprotocol.',
  { rounds: takes('N', 'rounds (default 15)') },
);

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(BENCH, args);
  const plan = values.smoke ? SMOKE : FULL;
  const rounds = values.rounds === undefined ? plan.rounds : wholeNumberOption('--rounds', values.rounds);
  const rows = CHUNKS_MS.flatMap((chunkMs) => measure(chunkMs, rounds, plan.messages));
  process.stdout.write(table(rows));
  await writeJsonReport(values.json, rows);
  return 0;
}

function measure(chunkMs: number, rounds: number, messages: number): Row[] {
  const json = WebPubSubJsonReliableProtocol();
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
  const upstream: UpstreamMessage = {
    kind: 'sendEvent',
    event: 'echo',
    data: { type: 'binary', bytes: audio },
    ackId: 4_711,
  };
  const replies = { json: jsonReply(audio), protobuf: protobufReply(audio) };
  checkReply('JSON', json.parseMessages(replies.json), audio);
  checkReply('protobuf', readDownstream(replies.protobuf), audio);
  const times = {
    write: inTurns(
      rounds,
      messages,
      () => json.writeMessage(event),
      () => writeUpstream(upstream),
    ),
    read: inTurns(
      rounds,
      messages,
      () => json.parseMessages(replies.json),
      () => readDownstream(replies.protobuf),
    ),
  };
  return [
    {
      chunkMs,
      operation: 'write',
      ...times.write,
      jsonBytes: Buffer.byteLength(json.writeMessage(event) as string),
      protobufBytes: writeUpstream(upstream).byteLength,
    },
    {
      chunkMs,
      operation: 'read',
      ...times.read,
      jsonBytes: Buffer.byteLength(replies.json),
      protobufBytes: replies.protobuf.byteLength,
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
function protobufReply(audio: Uint8Array): Uint8Array {
  const data = lengthDelimited(2, audio);
  const message = Buffer.concat([
    lengthDelimited(1, Buffer.from('server')),
    lengthDelimited(3, data),
    Buffer.from([4 * 8, 0xe7, 0x24]),
  ]);
  return Uint8Array.from(lengthDelimited(2, message));
}

function lengthDelimited(field: number, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = bytes.byteLength;
  for (; rest > 0x7f; rest >>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([field * 8 + 2, ...length, rest]), bytes]);
}

/** Measuring a reader that reads something else would measure nothing. */
function checkReply(codec: string, message: unknown, audio: Uint8Array): void {
  const { kind, data } = (message ?? {}) as { readonly kind?: unknown; readonly data?: unknown };
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
  if (kind !== 'serverData' || !(bytes instanceof Uint8Array) || !Buffer.from(bytes).equals(audio))
    throw new Error(`the ${codec} codec does not read the reply that is measured`);
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
