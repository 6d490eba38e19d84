import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { tokenCredential } from '../../functions/control/adapters/credentials.ts';
import { createRouteTable, type RouteTable } from '../../functions/control/adapters/tables/route-table.ts';
import { maskParty } from '../../functions/control/call/model.ts';
import type { RoutedCall } from '../../functions/control/use-cases/set-up-call.ts';
import { isLoopbackHttp } from '../../shared/base/loopback-url.ts';
import { partySchema } from '../../shared/wire/call/party-schema.ts';
import { parseRoutes } from '../../shared/wire/call/routes-schema.ts';
import { explainRoutes, whatItDoes } from './explain.ts';

export const USAGE = `npm run routes -- explain --from NUMBER --to NUMBER   which route decides about a call, and why
npm run routes -- show                                the routes in force, checked
npm run routes -- set --file routes.json              checks the routes and writes them to the table, in force immediately
npm run routes -- clear                               removes the routes from the table; those of the settings apply again

explain takes a telephone number or raw id for each end, and
  --direction outbound    a call that the app places (default: inbound)
  --sip-header NAME=VALUE --voip-header NAME=VALUE      custom headers; repeatable
  --at TIME               when, such as 2026-11-22T18:30:00Z (default: now)
  --call-id ID            for routes that take a percentage of the calls
  --full ROUTE            a route that is at its capacity; repeatable

The routes come from --file, or with --table from the table, or else from the setting CALL_ROUTES (environment, then
local.settings.json), or else from routes.json. TABLES_CONNECTION_STRING or TABLES_ENDPOINT says where the table is.
`;

/** The command was called with wrong arguments, or something it needs cannot be used. */
export class RoutesCommandError extends Error {
  override readonly name = 'RoutesCommandError';
}

const OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  direction: { type: 'string' },
  'sip-header': { type: 'string', multiple: true },
  'voip-header': { type: 'string', multiple: true },
  at: { type: 'string' },
  'call-id': { type: 'string' },
  full: { type: 'string', multiple: true },
  file: { type: 'string' },
  table: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
type Environment = Readonly<Record<string, string | undefined>>;

export interface RoutesCommandOptions {
  readonly env: Environment;
  /** The folder of `routes.json` and `local.settings.json`, with a slash at the end. */
  readonly folder: string;
  readonly nowMs: number;
}

/**
 * Carries out one command line and returns what to print.
 * @throws RoutesCommandError, RoutesError, CallStoreError with a sentence for the user
 */
export async function routesCommand(
  args: readonly string[],
  { env, folder, nowMs }: RoutesCommandOptions,
): Promise<string> {
  const { verb, values } = read(args);
  const settings = { ...localSettings(folder), ...env };
  switch (verb) {
    case 'explain':
      return explain(await routesOf(values, settings, folder), values, nowMs);
    case 'show': {
      const routes = parseRoutes(await routesOf(values, settings, folder));
      if (values.json === true) return json(routes);
      return routes.map((route) => `${route.name}: ${whatItDoes(route)}\n`).join('');
    }
    case 'set': {
      if (values.file === undefined) throw new RoutesCommandError('set needs --file, the routes to set');
      const text = readText(values.file);
      const routes = parseRoutes(jsonOf(text, values.file));
      await openTable(settings).write(text);
      return `${routes.length} routes are in force now, in every app that uses this table.\n`;
    }
    case 'clear':
      await openTable(settings).remove();
      return 'The routes of the settings are in force again.\n';
    default:
      throw new RoutesCommandError(`there is no command ${JSON.stringify(verb ?? '')}\n\n${USAGE}`);
  }
}

function read(args: readonly string[]): { verb: string | undefined; values: Values } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    return { verb: positionals[0], values };
  } catch (error) {
    throw new RoutesCommandError(error instanceof Error ? error.message : String(error));
  }
}

function explain(value: unknown, values: Values, nowMs: number): string {
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
    `An ${call.direction} call from ${maskParty(call.from.rawId)} to ${maskParty(call.to.rawId)} at ${new Date(call.atMs).toISOString()}:`,
    ...lines,
    decides === undefined
      ? `No route matches: ${withoutRoute(call)}.`
      : `${decides.route.name} ${decides.why}.`,
    '',
  ].join('\n');
}

const MARK = { decides: '✓', next: '·', full: '✗', 'no match': '✗' } as const;

function withoutRoute({ direction }: RoutedCall): string {
  return direction === 'inbound' ? 'the call is left ringing' : 'the call is not placed';
}

function directionOf(text: string): RoutedCall['direction'] {
  if (text === 'inbound' || text === 'outbound') return text;
  throw new RoutesCommandError(`--direction must be inbound or outbound, not ${JSON.stringify(text)}`);
}

function partyOf(name: string, text: string | undefined): string {
  if (text === undefined) throw new RoutesCommandError(`explain needs --${name}`);
  const parsed = partySchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new RoutesCommandError(`--${name} ${parsed.error.issues[0]?.message}`);
}

function headersOf(name: string, pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new RoutesCommandError(`--${name} must be NAME=VALUE, not ${JSON.stringify(pair)}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function timeOf(text: string | undefined, nowMs: number): number {
  if (text === undefined) return nowMs;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs))
    throw new RoutesCommandError(
      `--at must be a time such as 2026-11-22T18:30:00Z, not ${JSON.stringify(text)}`,
    );
  return atMs;
}

async function routesOf(values: Values, settings: Environment, folder: string): Promise<unknown> {
  if (values.file !== undefined) return jsonOf(readText(values.file), values.file);
  if (values.table === true) {
    const text = await openTable(settings).read();
    if (text === undefined) throw new RoutesCommandError('the table holds no routes');
    return jsonOf(text, 'the table');
  }
  const text = settings['CALL_ROUTES'];
  if (text !== undefined && text.trim() !== '') return jsonOf(text, 'the setting CALL_ROUTES');
  const file = `${folder}routes.json`;
  if (existsSync(file)) return jsonOf(readText(file), file);
  throw new RoutesCommandError('there are no routes: give --file or --table, or set CALL_ROUTES');
}

function openTable(settings: Environment): RouteTable {
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
  throw new RoutesCommandError('the table needs TABLES_CONNECTION_STRING or TABLES_ENDPOINT');
}

function localSettings(folder: string): Record<string, string> {
  const file = `${folder}local.settings.json`;
  if (!existsSync(file)) return {};
  return (jsonOf(readText(file), file) as { Values?: Record<string, string> }).Values ?? {};
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new RoutesCommandError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RoutesCommandError(`${what} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
