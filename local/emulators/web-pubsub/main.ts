/** The process of the Web PubSub emulator; README.md lists its settings. */
import { runServer } from '../common/child.ts';
import type { LogEntry } from './base/log.ts';
import { CONFIG_FILE, ConfigFileWatch, parseJsonFile } from './command-line/config-file.ts';
import { type CommandLine, readWebPubSubCommandLine } from './command-line/options.ts';
import { readSettings, type WebPubSubSettings } from './command-line/settings.ts';
import { type RunningWebPubSub, startWebPubSub } from './service/server.ts';

await runServer('Web PubSub', async () => {
  const commandLine = await readWebPubSubCommandLine(process.argv.slice(2), process.env, Date.now());
  const { options, standAlone, requestLog, caFile, settings, config } = commandLine;
  const service = await startWebPubSub({
    ...options,
    log: writeLog,
    requestLog: standAlone || requestLog ? print : undefined,
  });
  const watch =
    config === undefined
      ? undefined
      : new ConfigFileWatch(config.path, config.text, {
          onText: (text) => reconfigure(service, commandLine, config.path, text),
          onBlind: (message) => writeLog({ level: 'warn', message }),
        });
  if (standAlone)
    process.stdout.write(welcome(service, { settings, caFile, controlToken: options.controlToken }));
  return {
    url: service.url,
    close: () => {
      watch?.close();
      return service.close();
    },
  };
});

/** Takes a new configuration as a whole or not at all. */
function reconfigure(service: RunningWebPubSub, { settings }: CommandLine, path: string, text: string): void {
  try {
    const next = readSettings(parseJsonFile(CONFIG_FILE, path, text), process.env);
    if (next.accessKey !== settings.accessKey || next.secondaryAccessKey !== settings.secondaryAccessKey)
      throw new Error('access keys cannot change while the service runs; restart it');
    service.configure(next.hubs);
    writeLog({ level: 'info', message: 'The new configuration is in force.' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    writeLog({
      level: 'warn',
      message: `The new configuration is refused, and the old one stays: ${reason}`,
    });
  }
}

function writeLog(entry: LogEntry): void {
  const { level: _, message, ...about } = entry;
  const details = Object.entries(about).map(([name, value]) => `${name} ${value}`);
  print(details.length === 0 ? message : `${message} (${details.join(', ')})`);
}

function print(line: string): void {
  process.stderr.write(`Web PubSub: ${line}\n`);
}

interface WelcomeDetails {
  readonly settings: WebPubSubSettings;
  /** The authority to trust over https. */
  readonly caFile?: string | undefined;
  readonly controlToken?: string | undefined;
}

/** What a person needs to point an application at the emulator. Holds its key: for the terminal, never for a log. */
function welcome(service: RunningWebPubSub, { settings, caFile, controlToken }: WelcomeDetails): string {
  const curlTrust = caFile === undefined ? '' : ` --cacert ${caFile}`;
  const rows = [
    ['connection string', service.connectionString],
    ['clients connect to', `${service.url.replace(/^http/, 'ws')}/client/hubs/{hub}`],
    ...(caFile === undefined
      ? [
          [
            'plain http',
            'some SDKs refuse it (JavaScript: allowInsecureConnection: true); or start with --https',
          ],
        ]
      : [['authority to trust', `NODE_EXTRA_CA_CERTS=${caFile} (.NET on Linux: SSL_CERT_FILE=…)`]]),
    ['identity of handlers', `${service.issuer}/.well-known/openid-configuration`],
    ...handlerRows(settings),
  ].map(([name = '', value]) => `  ${name.padEnd(20)} ${value}`);
  const control =
    controlToken === undefined || controlToken === ''
      ? 'Off; WEB_PUBSUB_CONTROL_TOKEN=… turns it on.'
      : `curl${curlTrust} -H "Authorization: Bearer $WEB_PUBSUB_CONTROL_TOKEN" ${service.url}/control/meter`;
  return `
${rows.join('\n')}

Control surface:

  ${control}

Ctrl-C stops it.
`;
}

function handlerRows({ hubs }: WebPubSubSettings): string[][] {
  const rows = Object.entries(hubs).flatMap(([hub, handlers]) =>
    // The query of an address may hold a key.
    handlers.map(({ urlTemplate }) => [`events of ${hub}`, urlTemplate.replace(/\?.*$/, '?…')]),
  );
  return rows.length > 0
    ? rows
    : [['events go to', 'nobody: give --config, or WebPubSub__Hubs__… in the environment']];
}
