import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { handleLaneEvent } from '../../functions/workers/kit/lane-event.ts';
import { readWav, resample } from '../../functions/workers/kit/recording.ts';
import type { Listen } from '../../functions/workers/kit/running-handler.ts';
import type { Worker } from '../../functions/workers/kit/worker.ts';
import { formatRtp, PAYLOAD_TYPE, parseRtp } from '../../shared/wire/lane/rtp.ts';
import type { LaneEvent } from '../../shared/wire/lane/worker-messages.ts';

const ROOT = new URL('../../', import.meta.url);
/** Where the examples are as files. */
const FOLDER = new URL(`test/docs/__workers-${process.pid}__/`, ROOT);
const text = await readFile(new URL('docs/workers.md', ROOT), 'utf8');
const kit = await readFile(new URL('functions/workers/kit/define-worker.ts', ROOT), 'utf8');

const examples = new Map(
  [...text.matchAll(/```ts\n\/\/ src\/([a-z]+)\.ts\n([\s\S]*?)```/g)].map(([, name = '', code = '']) => [
    name,
    code,
  ]),
);

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  for (const [name, code] of examples) await writeFile(new URL(`${name}.ts`, FOLDER), code);
  await cp(new URL('samples/question.wav', ROOT), new URL('question.wav', FOLDER));
});

afterAll(() => rm(FOLDER, { recursive: true, force: true }));

const CALL_ID = 'abcdefghijklmnop';
const STARTED = {
  type: 'call.started',
  callId: CALL_ID,
  callConnectionId: 'connection',
  from: '4:+14255550100',
  to: '4:+14255550101',
  format: 'pcm16KMono',
  listen: 'utterance',
  participants: [],
  turn: 0,
  control: { url: 'http://127.0.0.1:1/api/worker', token: 'a-token', peer: '4:+14255550100' },
};
const SAID = Int16Array.of(400, -400, 0, 32_000);

/** A call of one example, with what it publishes. */
class ExampleCall {
  readonly #worker: Worker;
  #state: string | undefined;
  readonly published: (Uint8Array | { readonly actions?: readonly Record<string, unknown>[] })[] = [];
  /** What the relay says to the handler that runs. */
  interrupt: LaneEvent | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async of(name: string): Promise<ExampleCall> {
    const module = (await import(new URL(`${name}.ts`, FOLDER).href)) as Record<string, Worker>;
    const worker = module[name];
    if (worker === undefined) throw new Error(`docs/workers.md has no worker ${name}`);
    expect(worker.name).toBe(name);
    return new ExampleCall(worker);
  }

  async hear(event: object | Int16Array) {
    const isAudio = event instanceof Int16Array;
    const listen: Listen = (_, heard) => {
      if (this.interrupt !== undefined) heard(this.interrupt);
      return () => {};
    };
    const response = await handleLaneEvent(
      this.#worker,
      {
        callId: CALL_ID,
        contentType: isAudio ? 'application/octet-stream' : 'application/json',
        body: isAudio ? packet(event) : Buffer.from(JSON.stringify(event)),
        connectionState: this.#state,
      },
      {
        publish: async (_group, message) => void this.published.push(message),
        listen,
      },
    );
    this.#state = response.connectionState ?? this.#state;
    return response;
  }

  get state(): unknown {
    return JSON.parse(Buffer.from(this.#state ?? '', 'base64').toString()).s;
  }

  samples(): Int16Array[] {
    return this.published.flatMap((message) => (message instanceof Uint8Array ? [samplesOf(message)] : []));
  }

  actions(): unknown[] {
    return this.published.flatMap((message) => ('actions' in message ? (message.actions ?? []) : []));
  }
}

function packet(samples: Int16Array): Uint8Array {
  return formatRtp({
    payloadType: PAYLOAD_TYPE.pcm16KMono,
    marker: true,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc: 0,
    payload: new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
  });
}

function samplesOf(message: Uint8Array): Int16Array {
  return new Int16Array(parseRtp(message).payload.slice().buffer);
}

describe('the examples of docs/workers.md', () => {
  it('have the types that the kit asks for', async () => {
    const config = new URL('tsconfig.json', FOLDER);
    const files = [...examples.keys()].map((name) => `./${name}.ts`);
    await writeFile(
      config,
      JSON.stringify({
        extends: fileURLToPath(new URL('tsconfig.json', ROOT)),
        include: [],
        files: [...files, fileURLToPath(new URL('functions/workers/kit/wav.d.ts', ROOT))],
      }),
    );
    const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', ROOT));
    const checked = await promisify(execFile)(process.execPath, [tsc, '-p', fileURLToPath(config)]).catch(
      (error: { stdout: string }) => error,
    );
    expect(checked.stdout).toBe('');
  });

  it('menu asks its question, and again after a key that means nothing', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const call = await ExampleCall.of('menu');
    const question = readWav(await readFile(new URL('samples/question.wav', ROOT)));
    const samples = resample(question.samples, question.sampleRateHz, 16_000);
    const { message } = await call.hear(STARTED);
    expect(
      Buffer.from(samplesOf(message?.body as Uint8Array).buffer).equals(Buffer.from(samples.buffer)),
    ).toBe(true);
    await call.hear({ type: 'dtmf', tone: '7' });
    expect(call.samples().reduce((sum, { length }) => sum + length, 0)).toBe(samples.length);
    const refused = await call.hear({ type: 'dtmf', tone: '0' });
    expect(refused.outcome, 'nobody is there to hang up').toBe('failed');
    expect(log.mock.calls).toEqual([['key 7'], ['key 0']]);
    log.mockRestore();
  });

  it('minutes counts speech, and logs it when the call ends', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const call = await ExampleCall.of('minutes');
    await call.hear(STARTED);
    await call.hear({ type: 'participant', ssrc: 1, rawId: '4:+14255550100' });
    await call.hear({ type: 'speech.started', ssrc: 1, timestamp: 0 });
    await call.hear({ type: 'speech.ended', ssrc: 1, timestamp: 16_000, durationMs: 700 });
    expect((await call.hear(SAID)).outcome).toBe('silent');
    await call.hear({ type: 'speech.ended', ssrc: 1, timestamp: 32_000, durationMs: 300 });
    expect(call.state).toEqual({ speakers: 1, spokenMs: 1_000 });
    await call.hear({ type: 'call.ended', reason: 'hung up' });
    expect(log.mock.calls).toEqual([['participant 1 speaks'], ['1000 ms of speech, then hung up']]);
    log.mockRestore();
  });

  it('storyteller says everything three times, and notes where it was interrupted', async () => {
    const call = await ExampleCall.of('storyteller');
    await call.hear(STARTED);
    await call.hear(SAID);
    expect(call.samples()).toEqual([SAID, SAID, SAID]);
    expect(call.actions()).toEqual([1, 2, 3].map((time) => ({ type: 'publish', text: `time ${time}` })));
    await call.hear({ type: 'played', turn: 0, playedMs: 3 });
    expect(call.state).toEqual({ told: 1, heardMs: 0 });
    call.interrupt = { type: 'interrupted', turn: 1, playedMs: 40 };
    await call.hear(SAID);
    expect(call.samples().length, 'nothing of it is said to the end').toBeLessThan(6);
    expect(call.state).toEqual({ told: 1, heardMs: 40 });
  });

  it('closing says its last words at the rate of the call, and marks its end', async () => {
    const call = await ExampleCall.of('closing');
    await call.hear({ ...STARTED, format: 'pcm24KMono', listen: 'chunk' });
    await call.hear({ type: 'message', data: 'go on' });
    expect(call.published).toEqual([]);
    await call.hear({ type: 'message', data: 'close' });
    const tone = Int16Array.from(
      { length: 8_000 },
      (_, n) => 8_000 * Math.sin((2 * Math.PI * 440 * n) / 16_000),
    );
    expect(call.samples()).toEqual([resample(tone, 16_000, 24_000)]);
    expect(call.actions()).toMatchObject([{ type: 'mark', data: { do: 'hangUp' } }]);
  });

  it('are all tried here', () => {
    expect([...examples.keys()]).toEqual(['menu', 'minutes', 'storyteller', 'closing']);
  });
});

describe('docs/workers.md', () => {
  it('has a row for every handler of the kit, and for no other', () => {
    const [, list = ''] = /const HANDLERS = \[([\s\S]*?)\]/.exec(kit) ?? [];
    const handlers = [...list.matchAll(/'(on[A-Za-z]+)'/g)].map(([, name]) => name);
    const [, section = ''] = text.split('\n## Handlers\n');
    const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(on[A-Za-z]+)` \|/gm)];
    expect(handlers.length).toBeGreaterThan(8);
    expect(rows.map(([, name]) => name).toSorted()).toEqual(handlers.toSorted());
  });

  it('has its glossary in order', () => {
    const [, section = ''] = text.split('\n## Glossary\n');
    const words = [...section.matchAll(/^\| ([^|]+) \| /gm)].map(([, word = '']) => word).slice(1);
    expect(words.length).toBeGreaterThan(15);
    expect(words).toEqual(words.toSorted((a, b) => a.localeCompare(b)));
  });
});
