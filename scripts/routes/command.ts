import { tokenCredential } from '../../functions/control/adapters/credentials.ts';
import { createRouteTable } from '../../functions/control/adapters/tables/route-table.ts';
import type { RoutedCall } from '../../functions/control/use-cases/set-up-call.ts';
import type { RunningSystem } from '../../local/run/client/running-system.ts';
import { checkRoutes } from '../../local/run/stack/check-workers.ts';
import { type Command, readArguments, UsageError } from '../../shared/base/command-line.ts';
import { didYouMean } from '../../shared/base/did-you-mean.ts';
import { isLoopbackHttp } from '../../shared/base/loopback-url.ts';
import { partySchema } from '../../shared/wire/call/party-schema.ts';
import { parseRoutes } from '../../shared/wire/call/routes-schema.ts';
import { explainRoutes, whatItDoes, whyNotPlaced } from './explain.ts';
import { type Environment, jsonOf, localSettings, readIfThere, readText } from './files.ts';

const VERBS: readonly string[] = ['explain', 'show', 'set', 'clear'];

const ROUTES = {
  name: 'npm run routes',
  usage: 'explain|show|set|clear [options]',
  about: 'Explains, shows and changes the routes, which decide about calls (docs/routes.md).',
  takes: 'COMMAND',
  flags: {
    from: { type: 'string', value: 'PARTY', help: 'explain: who calls, a telephone number or raw id' },
    to: { type: 'string', value: 'PARTY', help: 'explain: who is called' },
    direction: {
      type: 'string',
      value: 'DIRECTION',
      help: 'explain: inbound (default), or outbound for a call that the app places',
    },
    'sip-header': {
      type: 'string',
      value: 'NAME=VALUE',
      multiple: true,
      help: 'explain: a custom header of the call',
    },
    'voip-header': {
      type: 'string',
      value: 'NAME=VALUE',
      multiple: true,
      help: 'explain: a custom header of the call',
    },
    at: {
      type: 'string',
      value: 'TIME',
      help: 'explain: when, such as 2026-11-22T18:30:00Z (default: now)',
    },
    'call-id': {
      type: 'string',
      value: 'ID',
      help: 'explain: for routes that take a percentage of the calls',
    },
    full: {
      type: 'string',
      value: 'ROUTE',
      multiple: true,
      help: 'explain: a route that is at its capacity',
    },
    file: { type: 'string', value: 'FILE', help: 'the routes of this file; set writes them to the table' },
    table: { type: 'boolean', help: 'explain, show: the routes of the table' },
    json: { type: 'boolean', help: 'explain, show: as JSON' },
  },
  more: `explain  says which route decides about a call, and why
show     lists the routes in force, checked
set      checks the routes of --file and writes them to the table: in force
         immediately, in every app that uses the table
clear    removes the routes from the table; those of the settings apply again

The routes come from --file or --table, or else from CALL_ROUTES in the
environment, or else from the system that npm start runs, or else from
local.settings.json or routes.json. The table is that of TABLES_CONNECTION_STRING
or TABLES_ENDPOINT in the environment, or of the system that runs.`,
} as const satisfies Command;

type Values = ReturnType<typeof readArguments<(typeof ROUTES)['flags']>>['values'];

export interface RoutesCommandOptions {
  readonly env: Environment;
  /** The folder of `routes.json` and `local.settings.json`, with a slash at the end. */
  readonly folder: string;
  readonly nowMs: number;
  /** The system that `npm start` runs. */
  readonly running?: RunningSystem | undefined;
}

/**
 * Carries out one command line and returns what to print.
 * @throws UsageError, RoutesError, CallStoreError with a sentence for the user
 */
export async function routesCommand(
  args: readonly string[],
  { env, folder, nowMs, running }: RoutesCommandOptions,
): Promise<string> {
  const { positionals, values } = readArguments(ROUTES, args);
  const [verb = ''] = positionals;
  const place: Place = { env, settings: { ...localSettings(folder), ...env }, folder, running };
  switch (verb) {
    case 'explain':
      return explain(await routesOf(values, place), values, place, nowMs);
    case 'show': {
      const found = await routesOf(values, place);
      const routes = parseRoutes(found.value);
      if (values.json === true) return json(routes);
      return `Routes of ${found.from}:\n${routes.map((route) => `${route.name}: ${whatItDoes(route)}\n`).join('')}`;
    }
    case 'set':
      return await set(values, place);
    case 'clear':
      await openTable(place).remove();
      return 'The routes of the settings are in force again.\n';
    default:
      throw new UsageError(
        `there is no command ${JSON.stringify(verb)}${didYouMean(verb, VERBS)}; there are ${VERBS.join(', ')}`,
      );
  }
}

/** Where a command looks for what it needs. */
interface Place {
  readonly env: Environment;
  /** Of `local.settings.json`, and of the environment before it. */
  readonly settings: Environment;
  readonly folder: string;
  readonly running: RunningSystem | undefined;
}

interface FoundRoutes {
  readonly value: unknown;
  /** Where they are from, in words. */
  readonly from: string;
}

/** The numbers that `npm start` offers stay: its routes come after those that are set. */
async function set({ file }: Values, place: Place): Promise<string> {
  if (file === undefined) throw new UsageError('set needs --file, the routes to set');
  const text = readText(file);
  const routes = parseRoutes(jsonOf(text, file));
  const table = openTable(place);
  const { running } = place;
  if (running === undefined || hasTable(place.env)) {
    await table.write(text);
    return `${routes.length} routes are in force now, in every app that uses this table.\n`;
  }
  const names = new Set(routes.map(({ name }) => name));
  const own = jsonOf(text, file) as object[];
  const others = running.routes.filter((route) => !names.has((route as { name: string }).name));
  const workers = [...new Set(running.directory.map(({ worker }) => worker))];
  checkRoutes([...own, ...others], workers);
  await table.write(JSON.stringify([...own, ...others]));
  return `${routes.length} routes are in force now in the system that runs, before the ${others.length} of its start.\n`;
}

function explain({ value, from }: FoundRoutes, values: Values, place: Place, nowMs: number): string {
  const call: RoutedCall = {
    callId: values['call-id'] ?? 'a call that is explained',
    direction: directionOf(values.direction ?? 'inbound'),
    from: { rawId: partyOf('from', values.from) },
    to: { rawId: partyOf('to', values.to) },
    sipHeaders: headersOf('sip-header', values['sip-header']),
    voipHeaders: headersOf('voip-header', values['voip-header']),
    atMs: timeOf(values.at, nowMs),
  };
  const verdicts = explainRoutes(parseRoutes(value), call, new Set(values.full ?? []));
  if (values.json === true)
    return json(verdicts.map(({ route, verdict, why }) => ({ route: route.name, verdict, why })));
  const width = Math.max(...verdicts.map(({ route }) => route.name.length));
  const lines = verdicts.map(
    ({ route, verdict, why }) => `  ${MARK[verdict]} ${route.name.padEnd(width)}  ${why}`,
  );
  const decides = verdicts.find(({ verdict }) => verdict === 'decides');
  return [
    `An ${call.direction} call from ${values.from} to ${values.to} at ${new Date(call.atMs).toISOString()}, by the routes of ${from}:`,
    ...lines,
    decides === undefined
      ? `No route matches: ${withoutRoute(call)}.`
      : `${decides.route.name} ${decides.why}.`,
    ...whyNotPlaced(call, decides?.route, allowedOf(place)),
    '',
  ].join('\n');
}

const MARK = { decides: '✓', next: '·', full: '✗', 'no match': '✗' } as const;

function withoutRoute({ direction }: RoutedCall): string {
  return direction === 'inbound' ? 'the call is left ringing' : 'the call is not placed';
}

function directionOf(text: string): RoutedCall['direction'] {
  if (text === 'inbound' || text === 'outbound') return text;
  throw new UsageError(`--direction must be inbound or outbound, not ${JSON.stringify(text)}`);
}

function partyOf(name: string, text: string | undefined): string {
  if (text === undefined) throw new UsageError(`explain needs --${name}`);
  const parsed = partySchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--${name} ${parsed.error.issues[0]?.message}`);
}

function headersOf(name: string, pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`--${name} must be NAME=VALUE, not ${JSON.stringify(pair)}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function timeOf(text: string | undefined, nowMs: number): number {
  if (text === undefined) return nowMs;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs))
    throw new UsageError(`--at must be a time such as 2026-11-22T18:30:00Z, not ${JSON.stringify(text)}`);
  return atMs;
}

/** What the setting OUTBOUND_ALLOWED says; undefined where nobody knows. */
function allowedOf({ settings, running }: Place): string | undefined {
  return running?.outboundAllowed ?? settings['OUTBOUND_ALLOWED'];
}

async function routesOf(values: Values, place: Place): Promise<FoundRoutes> {
  if (values.file !== undefined)
    return { value: jsonOf(readText(values.file), values.file), from: values.file };
  if (values.table === true) {
    const text = await openTable(place).read();
    if (text === undefined) throw new UsageError('the table holds no routes');
    return { value: jsonOf(text, 'the table'), from: 'the table' };
  }
  const { env, settings, folder, running } = place;
  if (isWritten(env['CALL_ROUTES'])) return ofSetting(env['CALL_ROUTES']);
  if (running !== undefined) {
    const text = await openTable(place).read();
    return text === undefined
      ? { value: running.routes, from: 'the system that runs' }
      : { value: jsonOf(text, 'the table'), from: 'the table of the system that runs' };
  }
  if (isWritten(settings['CALL_ROUTES'])) return ofSetting(settings['CALL_ROUTES']);
  const file = `${folder}routes.json`;
  const text = readIfThere(file);
  if (text !== undefined) return { value: jsonOf(text, file), from: file };
  throw new UsageError('there are no routes: run npm start, give --file or --table, or set CALL_ROUTES');
}

function isWritten(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '';
}

function ofSetting(text: string): FoundRoutes {
  return { value: jsonOf(text, 'the setting CALL_ROUTES'), from: 'the setting CALL_ROUTES' };
}

function hasTable(settings: Environment): boolean {
  return settings['TABLES_CONNECTION_STRING'] !== undefined || settings['TABLES_ENDPOINT'] !== undefined;
}

function openTable({ env, settings, running }: Place): ReturnType<typeof createRouteTable> {
  if (running !== undefined && !hasTable(env))
    return createRouteTable(
      { connectionString: running.tablesConnectionString },
      { allowInsecureConnection: true },
    );
  const { TABLES_CONNECTION_STRING: connectionString, TABLES_ENDPOINT: endpoint } = settings;
  if (connectionString !== undefined) {
    const address = /TableEndpoint=([^;]+)/i.exec(connectionString)?.[1];
    return createRouteTable(
      { connectionString },
      { allowInsecureConnection: address !== undefined && isLoopbackHttp(address) },
    );
  }
  if (endpoint !== undefined)
    return createRouteTable({ endpoint, credential: () => tokenCredential(settings) });
  throw new UsageError('the table needs TABLES_CONNECTION_STRING or TABLES_ENDPOINT, or a system that runs');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
