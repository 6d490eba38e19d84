import { type Command, readArguments } from '../../../../shared/base/command-line.ts';
import { oneOf, portOption } from '../../common/option-values.ts';
import { readTls, tlsFlagTable } from '../../common/tls-flags.ts';
import { parseTier } from '../base/service-tier.ts';
import type { FaultPlan } from '../faults/fault-plan.ts';
import { DEFAULT_PORT, type WebPubSubOptions } from '../service/server.ts';
import { CONFIG_FILE, parseJsonFile, readTextFile } from './config-file.ts';
import { readSettings, type WebPubSubSettings } from './settings.ts';

const CA_FILE = '.trunkline/web-pubsub-ca.pem';

const WEB_PUBSUB = {
  name: 'npm run web-pubsub',
  usage: '[options]',
  about: 'Emulates Azure Web PubSub: clients, REST and event handlers.',
  flags: {
    port: {
      type: 'string',
      value: 'N',
      default: String(DEFAULT_PORT),
      help: `the port to listen on, 0 for any (default ${DEFAULT_PORT})`,
    },
    host: {
      type: 'string',
      value: 'ADDRESS',
      default: '127.0.0.1',
      help: 'the address to listen on (default 127.0.0.1)',
    },
    config: {
      type: 'string',
      value: 'FILE',
      help: 'JSON in the shape of Microsoft\'s emulator, {"WebPubSub": {"Hubs": {…}}}; read again when it changes',
    },
    'stand-alone': {
      type: 'boolean',
      default: false,
      help: 'prints all that an application must know; npm run web-pubsub gives it',
    },
    'request-log': {
      type: 'boolean',
      default: false,
      help: 'prints each request and event; --stand-alone does so, too',
    },
    ...tlsFlagTable(CA_FILE),
    tier: {
      type: 'string',
      value: 'TIER',
      help: 'free, or standard:N with N units: as many connections as these allow (default: any number)',
    },
    faults: { type: 'string', value: 'FILE', help: 'what goes wrong from the start, as JSON' },
    'user-event-failure': {
      type: 'string',
      value: 'WHAT',
      default: 'errorAck',
      help: 'errorAck (default) or closeConnection',
    },
    'protobuf-json': {
      type: 'string',
      value: 'WHAT',
      default: 'text',
      help: 'text (default) or json: the field (text_data, json_data) of JSON for protobuf clients',
    },
    'absent-user': {
      type: 'string',
      value: 'WHAT',
      default: 'notFound',
      help: 'notFound (default) or ok: adding a user without connections to a group',
    },
  },
  more: `The access keys come from the environment (WebPubSub__AccessKey,
WebPubSub__SecondaryAccessKey) or the configuration file. Every setting of the
file can be given in the environment:
WebPubSub__Hubs__calls__EventHandlers__0__UrlTemplate=http://127.0.0.1:7072/…
WEB_PUBSUB_CONTROL_TOKEN turns on the control surface (/control/…), with this
bearer token. Everything about it: local/emulators/web-pubsub/README.md.`,
} as const satisfies Command;

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
 * @throws Error with one sentence about what is invalid or cannot be read
 */
export async function readWebPubSubCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  nowMs: number,
): Promise<CommandLine> {
  const { values } = readArguments(WEB_PUBSUB, args);
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
      : { path: values.config, text: await readTextFile(CONFIG_FILE, values.config) };
  const document = config === undefined ? undefined : parseJsonFile(CONFIG_FILE, config.path, config.text);
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
  return parseJsonFile('fault plan', path, await readTextFile('fault plan', path)) as FaultPlan;
}
