import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runServer } from '../process/child.ts';
import type { LogEntry } from './log.ts';
import { DEFAULT_PORT, type RunningWebPubSub, startWebPubSub } from './server.ts';
import { readSettings } from './settings.ts';

const USAGE = `Usage: node local/web-pubsub/main.ts [options]

  --port <n>                    port to listen on, 0 for any (default ${DEFAULT_PORT})
  --host <address>              address to listen on (default 127.0.0.1)
  --config <file>               JSON in the shape of Microsoft's emulator: {"WebPubSub": {"Hubs": {…}}}
  --user-event-failure <what>   errorAck or closeConnection (default errorAck)
  --protobuf-json <what>        text or json: the field (text_data, json_data) of JSON for protobuf clients (default text)
  --absent-user <what>          notFound or ok: adding a user without connections to a group (default notFound)

WEB_PUBSUB_CONTROL_TOKEN in the environment turns on the control surface (/control/…), with this bearer token.
The access key comes from the environment (WebPubSub__AccessKey) or the configuration file. Every setting of the file can be
given in the environment: WebPubSub__Hubs__calls__EventHandlers__0__UrlTemplate=http://127.0.0.1:7072/api/workers/{event}
`;

async function start(): Promise<RunningWebPubSub> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: String(DEFAULT_PORT) },
      host: { type: 'string', default: '127.0.0.1' },
      config: { type: 'string' },
      'user-event-failure': { type: 'string', default: 'errorAck' },
      'absent-user': { type: 'string', default: 'notFound' },
      'protobuf-json': { type: 'string', default: 'text' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const settings = readSettings(
    values.config === undefined ? undefined : await readConfig(values.config),
    process.env,
  );
  return await startWebPubSub({
    host: values.host,
    port: portOf(values.port),
    hubs: settings.hubs,
    onUserEventFailure: oneOf('--user-event-failure', values['user-event-failure'], [
      'errorAck',
      'closeConnection',
    ]),
    onAddAbsentUser: oneOf('--absent-user', values['absent-user'], ['notFound', 'ok']),
    jsonToProtobuf: oneOf('--protobuf-json', values['protobuf-json'], ['text', 'json']),
    controlToken: process.env['WEB_PUBSUB_CONTROL_TOKEN'],
    log: writeLog,
    ...(settings.accessKey === undefined ? {} : { accessKey: settings.accessKey }),
  });
}

async function readConfig(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`the configuration file '${path}' cannot be read (${error.code ?? error.message})`);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`the configuration file '${path}' is not JSON`);
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new Error(`--port must be a number from 0 to 65535, not '${text}'`);
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new Error(`${flag} must be one of ${allowed.join(', ')}, not '${value}'`);
  return found;
}

function writeLog(entry: LogEntry): void {
  process.stderr.write(
    `${JSON.stringify({ time: new Date().toISOString(), source: 'web-pubsub', ...entry })}\n`,
  );
}

await runServer('Web PubSub', start);
