/** The process of the ACS emulator: `node local/emulators/acs/main.ts [--port 8070]`; README.md lists all settings. */
import { runServer } from '../common/child.ts';
import { readAcsCommandLine } from './command-line/options.ts';
import { type RunningAcs, startAcs } from './server/acs.ts';

await runServer('ACS', async () => {
  const { options, standAlone, caFile } = await readAcsCommandLine(process.argv.slice(2), process.env);
  const acs = await startAcs(options);
  if (standAlone) {
    const { controlToken = '', eventGrid } = options;
    const eventGridEndpoint = eventGrid?.endpoint?.replace(/\?.*$/, '?…');
    process.stdout.write(`${welcome(acs, { controlToken, eventGridEndpoint, caFile })}\n`);
  }
  return acs;
});

interface WelcomeDetails {
  readonly controlToken: string;
  /** Where IncomingCall goes, without its query. Defaults to nowhere. */
  readonly eventGridEndpoint?: string | undefined;
  /** The authority to trust over https. */
  readonly caFile?: string | undefined;
}

/** What a person needs to point an application at this emulator. Holds its keys: for the terminal, never for a log. */
function welcome(acs: RunningAcs, { controlToken, eventGridEndpoint, caFile }: WelcomeDetails): string {
  const curlTrust = caFile === undefined ? '' : ` --cacert ${caFile}`;
  const rows = [
    ['connection string', acs.connectionString],
    ['resource id', `${acs.tokens.audience} (audience of the tokens)`],
    ['token issuer', acs.tokens.issuer],
    ['token keys', acs.tokens.jwksUrl],
    ['IncomingCall goes to', eventGridEndpoint ?? 'nobody: give --event-grid-endpoint http://127.0.0.1:…/…'],
    ...(caFile === undefined ? [] : [['authority to trust', `NODE_EXTRA_CA_CERTS=${caFile}`]]),
  ].map(([name = '', value]) => `  ${name.padEnd(20)} ${value}`);
  return `
${rows.join('\n')}

Let a telephone ring:

  curl -X POST ${acs.url}/eventgrid/incomingCall${curlTrust} \\
    -H 'Authorization: Bearer ${controlToken}' \\
    -F 'call={"from": "+14255550123", "to": "+14255550100"}'

With -F speech=@hello.wav it says what is in the file. The answer names the call; what it hears:

  curl ${acs.url}/control/calls/{id}/heard.wav${curlTrust} -H 'Authorization: Bearer ${controlToken}' -o heard.wav

Ctrl-C stops it.
`;
}
