import { parseArgs } from 'node:util';
import { oneOf, portOption } from '../../common/option-values.ts';
import { readTls } from '../../common/tls-flags.ts';
import { parseTier } from '../base/service-tier.ts';
import type { FaultPlan } from '../faults/fault-plan.ts';
import { DEFAULT_PORT, type WebPubSubOptions } from '../service/server.ts';
import { CONFIG_FILE, parseJson, readText } from './config-file.ts';
import { readSettings, type WebPubSubSettings } from './settings.ts';

const CA_FILE = '.trunkline/web-pubsub-ca.pem';

export const USAGE = `Usage: node local/emulators/web-pubsub/main.ts [options]

  --port <n>                    port to listen on, 0 for any (default ${DEFAULT_PORT})
  --host <address>              address to listen on (default 127.0.0.1)
  --config <file>               JSON in the shape of Microsoft's emulator: {"WebPubSub": {"Hubs": {…}}}; read again when it changes
  --stand-alone                 tell everything that an application must know to use it
  --request-log                 print each request and event; --stand-alone does so, too
  --https                       with a certificate made at the start for this machine
  --ca-out <file>               where the authority to trust is written (default ${CA_FILE})
  --tls-key, --tls-cert <file>  https with a certificate of yours (PEM)
  --tier <free|standard:N>      as many connections as the tier, or N units, allow (default: any number)
  --faults <file>               JSON: what goes wrong from the start; see the README
  --user-event-failure <what>   errorAck or closeConnection (default errorAck)
  --protobuf-json <what>        text or json: the field (text_data, json_data) of JSON for protobuf clients (default text)
  --absent-user <what>          notFound or ok: adding a user without connections to a group (default notFound)

WEB_PUBSUB_CONTROL_TOKEN in the environment turns on the control surface (/control/…), with this bearer token.
The access keys come from the environment (WebPubSub__AccessKey, WebPubSub__SecondaryAccessKey) or the configuration file. Every
setting of the file can be given in the environment:
WebPubSub__Hubs__calls__EventHandlers__0__UrlTemplate=http://127.0.0.1:7072/api/workers/{event}
`;

export interface CommandLine {
  readonly options: WebPubSubOptions;
  /** Whether a person started it and wants to read everything about it. */
  readonly standAlone: boolean;
  readonly requestLog: boolean;
  readonly caFile?: string | undefined;
  readonly settings: WebPubSubSettings;
  readonly config?: { readonly path: string; readonly text: string };
}

/**
 * The settings of the process from its arguments, its environment and its files; makes the certificate.
 * @returns undefined when the usage was asked for
 * @throws Error with one sentence about what is invalid or cannot be read
 */
export async function readCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  nowMs: number,
): Promise<CommandLine | undefined> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: String(DEFAULT_PORT) },
      host: { type: 'string', default: '127.0.0.1' },
      config: { type: 'string' },
      'stand-alone': { type: 'boolean', default: false },
      'request-log': { type: 'boolean', default: false },
      https: { type: 'boolean', default: false },
      'ca-out': { type: 'string' },
      'tls-key': { type: 'string' },
      'tls-cert': { type: 'string' },
      tier: { type: 'string' },
      faults: { type: 'string' },
      'user-event-failure': { type: 'string', default: 'errorAck' },
      'absent-user': { type: 'string', default: 'notFound' },
      'protobuf-json': { type: 'string', default: 'text' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { host, https } = values;
  const port = portOption(values.port);
  const onUserEventFailure = oneOf('--user-event-failure', values['user-event-failure'], [
    'errorAck',
    'closeConnection',
  ]);
  const onAddAbsentUser = oneOf('--absent-user', values['absent-user'], ['notFound', 'ok']);
  const jsonToProtobuf = oneOf('--protobuf-json', values['protobuf-json'], ['text', 'json']);
  const config =
    values.config === undefined
      ? undefined
      : { path: values.config, text: await readText(CONFIG_FILE, values.config) };
  const document = config === undefined ? undefined : parseJson(CONFIG_FILE, config.path, config.text);
  const settings = readSettings(document, env);
  const faults = values.faults === undefined ? undefined : await readFaults(values.faults);
  const tlsFlags = { https, host, caOut: values['ca-out'], key: values['tls-key'], cert: values['tls-cert'] };
  const { tls, caFile } = await readTls({ ...tlsFlags, defaultCaFile: CA_FILE }, nowMs);
  const options: WebPubSubOptions = {
    host,
    port,
    onUserEventFailure,
    onAddAbsentUser,
    jsonToProtobuf,
    ...settings,
    controlToken: env['WEB_PUBSUB_CONTROL_TOKEN'],
    ...(tls === undefined ? {} : { tls }),
    ...(values.tier === undefined ? {} : { tier: parseTier(values.tier) }),
    ...(faults === undefined ? {} : { faults }),
  };
  return {
    options,
    standAlone: values['stand-alone'],
    requestLog: values['request-log'],
    caFile,
    settings,
    ...(config === undefined ? {} : { config }),
  };
}

/** The service checks what the plan holds when it starts. */
async function readFaults(path: string): Promise<FaultPlan> {
  return parseJson('fault plan', path, await readText('fault plan', path)) as FaultPlan;
}
