import type { RunningWebPubSub } from '../service/server.ts';
import type { WebPubSubSettings } from './settings.ts';

interface WelcomeDetails {
  readonly settings: WebPubSubSettings;
  /** The authority to trust over https. */
  readonly caFile?: string | undefined;
  readonly controlToken?: string | undefined;
}

/** What a person needs to point an application at the emulator. Holds its key: for the terminal, never for a log. */
export function welcome(
  service: RunningWebPubSub,
  { settings, caFile, controlToken }: WelcomeDetails,
): string {
  const curlTrust = caFile === undefined ? '' : ` --cacert ${caFile}`;
  const rows = [
    ['connection string', service.connectionString],
    ['clients connect to', `${service.url.replace(/^http/, 'ws')}/client/hubs/{hub}`],
    ...(caFile === undefined
      ? [['plain http', 'server SDKs need allowInsecureConnection: true; or start with --https']]
      : [['authority to trust', `NODE_EXTRA_CA_CERTS=${caFile}`]]),
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
