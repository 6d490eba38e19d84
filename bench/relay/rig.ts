/** One server with its load, each process on its core: calls are added, and what both sides see is measured. */
import { cpus } from 'node:os';
import type { WorkerPlan } from '../../shared/call/plan.ts';
import { PinnedProcess } from '../common/pinned-process.ts';
import type { CallerScript } from './acs-stream.ts';
import {
  LOAD_CORE,
  type MeasuredServer,
  pythonWithWebSockets,
  startNodeServer,
  startPythonServer,
} from './measured-server.ts';
import type { Grown, Listening, LoadMeasured, NodeServerKind, Prepared } from './messages.ts';
import { isDisturbed, type Step } from './ramp.ts';

/** Times that a step is measured while others need the machine. */
const MAX_TRIES = 3;

export const SERVERS = [
  'ws',
  'quickstart',
  'websockets',
  'relay-media',
  'relay',
  'relay-web-pubsub',
] as const;
export type ServerName = (typeof SERVERS)[number];

export interface RigOptions {
  readonly server: ServerName;
  readonly worker: WorkerPlan;
  readonly script: CallerScript;
  readonly settings: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  readonly runtime?: string | undefined;
}

export class Rig {
  readonly #options: RigOptions;
  readonly #load: PinnedProcess;
  readonly #service: PinnedProcess | undefined;
  readonly #server: MeasuredServer;
  readonly idle: {
    readonly residentBytes: number;
    readonly heapBytes: number;
    readonly externalBytes: number;
  };

  private constructor(
    options: RigOptions,
    load: PinnedProcess,
    service: PinnedProcess | undefined,
    server: MeasuredServer,
    idle: Rig['idle'],
  ) {
    this.#options = options;
    this.#load = load;
    this.#service = service;
    this.#server = server;
    this.idle = idle;
  }

  static async start(options: RigOptions): Promise<Rig> {
    const load = new PinnedProcess(new URL('load.ts', import.meta.url), LOAD_CORE, ['--single-threaded-gc']);
    let service: PinnedProcess | undefined;
    let server: MeasuredServer | undefined;
    try {
      load.send({ type: 'prepare' });
      const prepared = await load.next<Prepared>();
      let webPubSub = prepared.laneUrl;
      if (options.server === 'relay-web-pubsub') {
        service = new PinnedProcess(new URL('web-pubsub-process.ts', import.meta.url), LOAD_CORE);
        service.send(prepared);
        webPubSub = (await service.next<Listening>()).url;
      }
      server = await startServer(options, webPubSub);
      const { residentBytes, heapBytes = 0, externalBytes = 0 } = await server.usage();
      return new Rig(options, load, service, server, { residentBytes, heapBytes, externalBytes });
    } catch (error) {
      load.stop();
      service?.stop();
      server?.stop();
      throw error;
    }
  }

  /** Where the server listens. */
  get url(): string {
    return this.#server.url;
  }

  /** Adds calls until there are so many. False when the server does not take them: it is at its end. */
  async grow(calls: number, settleMs: number): Promise<boolean> {
    const { server, worker, script } = this.#options;
    const path = server.startsWith('relay') ? 'relay' : 'plain';
    this.#load.send({ type: 'grow', url: this.#server.url, path, calls, settleMs, worker, script });
    return (await this.#load.next<Grown>()).isComplete;
  }

  /** Measures until nobody else needs the machine, up to so many times; what was measured last counts. */
  async measure(calls: number, measureMs: number): Promise<Step> {
    let step = await this.#measureOnce(calls, measureMs);
    for (let tries = 1; tries < MAX_TRIES && isDisturbed(step); tries += 1)
      step = await this.#measureOnce(calls, measureMs);
    return step;
  }

  async #measureOnce(calls: number, measureMs: number): Promise<Step> {
    await this.#server.reset();
    const busyBefore = busyMs();
    this.#load.send({ type: 'measure', measureMs });
    const measured = await this.#load.next<LoadMeasured>();
    const usage = await this.#server.usage();
    const busyShare = (busyMs() - busyBefore) / measured.elapsedMs;
    const perCallMinute = 60_000 / measured.elapsedMs / calls;
    const framesPerMs = measured.framesSent / measured.elapsedMs;
    return {
      calls,
      p50Ms: measured.latencyMs.p50,
      p99Ms: measured.latencyMs.p99,
      cpuShare: usage.cpuShare,
      cpuMicrosecondsPerFrame: (usage.cpuShare * 1_000) / framesPerMs,
      residentBytes: usage.residentBytes,
      ...(usage.heapBytes === undefined ? {} : { heapBytes: usage.heapBytes }),
      ...(usage.externalBytes === undefined ? {} : { externalBytes: usage.externalBytes }),
      ...(usage.gcMsPerSecond === undefined ? {} : { gcMsPerSecond: usage.gcMsPerSecond }),
      ...(usage.gcPauseMs === undefined ? {} : { gcMaxMs: usage.gcPauseMs.max }),
      heardShare: measured.framesHeard / measured.framesSent,
      loadLateMs: measured.ownLatenessMs.p99,
      loadCpuShare: measured.ownCpuShare,
      othersCpuShare: Math.max(0, busyShare - usage.cpuShare - measured.ownCpuShare),
      toLaneMs: measured.toLaneMs,
      fromLaneMs: measured.fromLaneMs,
      heardMs: measured.heardMs,
      stopMs: measured.stopMs,
      laneMessages: measured.lanes.messages * perCallMinute,
      laneUnits: measured.lanes.units * perCallMinute,
      laneBytes: measured.lanes.bytes * perCallMinute,
    };
  }

  stop(): void {
    this.#load.stop();
    this.#server.stop();
    this.#service?.stop();
  }
}

/** Time that all cores have been busy, in milliseconds. */
function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

async function startServer(options: RigOptions, webPubSub: string): Promise<MeasuredServer> {
  const { server, settings, flags, runtime } = options;
  if (server !== 'websockets')
    return await startNodeServer({ kind: kindOf(server), webPubSub, settings, flags, runtime });
  const python = pythonWithWebSockets();
  if (python === undefined) throw new Error('python3 with the package websockets is not here');
  return await startPythonServer(python);
}

function kindOf(server: Exclude<ServerName, 'websockets'>): NodeServerKind {
  return server === 'relay-web-pubsub' ? 'relay' : server;
}
