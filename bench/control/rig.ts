import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installed } from '../../local/run/project/installation.ts';
import { Child } from '../../local/run/stack/child.ts';
import { freePorts } from '../../local/run/stack/ports.ts';
import { makeSecrets } from '../../local/run/stack/secrets.ts';
import { addressOf, type SystemLayout, specOf } from '../../local/run/stack/specs.ts';
import { build } from '../../scripts/build.ts';
import { BareAcs } from './bare-acs.ts';
import { startTablesProxy, type TablesProxy, type TablesRequest } from './tables-proxy.ts';

const ROUTES: readonly object[] = [{ name: 'everyone', workers: [{ name: 'echo' }] }];

export interface RigOptions {
  /** Counts requests to table storage, which costs each of them a hop; else the app asks it itself. */
  readonly counts: boolean;
}

/** The built control app in the Functions host, table storage, and nothing of ACS but what answers at once. */
export class Rig {
  readonly acs: BareAcs;
  readonly layout: SystemLayout;
  /** Requests to table storage so far, where they are counted. */
  readonly requests: readonly TablesRequest[];
  readonly #children: readonly Child[];
  readonly #proxy: TablesProxy | undefined;

  private constructor(rig: {
    acs: BareAcs;
    layout: SystemLayout;
    requests: TablesRequest[];
    children: Child[];
    proxy: TablesProxy | undefined;
  }) {
    this.acs = rig.acs;
    this.layout = rig.layout;
    this.requests = rig.requests;
    this.#children = rig.children;
    this.#proxy = rig.proxy;
  }

  static async start(app: string, { counts }: RigOptions): Promise<Rig> {
    const ports = await freePorts();
    const requests: TablesRequest[] = [];
    const proxy = counts
      ? await startTablesProxy({ port: ports.tables, onRequest: (request) => requests.push(request) })
      : undefined;
    const layout: SystemLayout = {
      ports,
      secrets: makeSecrets(),
      controlApp: app,
      workerApp: app,
      relayModule: app,
      extraEnv: { control: { API_READS_PER_MINUTE: '10000000', API_ACTS_PER_MINUTE: '10000000' } },
    };
    const acs = await BareAcs.start(layout);
    const tables = startChild(specOf('tables', layout));
    await tables.ready();
    const spec = specOf('control', layout, ROUTES);
    const through: Record<string, string> =
      proxy === undefined ? {} : { TABLES_CONNECTION_STRING: tablesConnection(layout, proxy.port) };
    const control = startChild({ ...spec, env: { ...spec.env, ...through } });
    await control.ready();
    return new Rig({ acs, layout, requests, children: [control, tables], proxy });
  }

  get url(): string {
    return addressOf(this.layout.ports, 'control');
  }

  /** Table storage itself. */
  get tablesConnection(): string {
    return tablesConnection(this.layout, this.layout.ports.tables);
  }

  /** A read of the HTTP API. @returns how long it took, in milliseconds, and what was answered */
  async get(path: string): Promise<{ readonly ms: number; readonly body: unknown }> {
    const startedMs = performance.now();
    const response = await fetch(`${this.url}/api${path}`, {
      headers: { 'x-functions-key': this.layout.secrets.functionsHostKey },
    });
    const body = await response.json();
    const ms = performance.now() - startedMs;
    if (!response.ok) throw new Error(`GET ${path} was answered ${response.status}: ${JSON.stringify(body)}`);
    return { ms, body };
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
    await this.#proxy?.close();
    await this.acs.close();
  }
}

/** Builds the function app into a folder of its own. */
export async function buildApp(): Promise<{ readonly app: string; remove(): Promise<void> }> {
  const app = await mkdtemp(join(tmpdir(), 'trunkline-bench-'));
  await mkdir(app, { recursive: true });
  for (const file of ['host.json', 'package.json']) await copyFile(installed(file), join(app, file));
  await build({ outDir: join(app, 'dist'), parts: ['functions'] });
  return { app, remove: () => rm(app, { recursive: true, force: true }) };
}

export function startChild(spec: ConstructorParameters<typeof Child>[0]): Child {
  return new Child(
    spec,
    () => {},
    (dead) => process.stderr.write(`${dead.obituary()}\n`),
  );
}

/** The setting of the control app, with another port for table storage. */
function tablesConnection(layout: SystemLayout, port: number): string {
  const { TABLES_CONNECTION_STRING: text = '' } = specOf('control', layout).env;
  return text.replace(`:${layout.ports.tables}/`, `:${port}/`);
}
