/** `ACS_CONNECTION_STRING=… node examples/acs-app/main.ts [port] [javascript|csharp|java|python]` */
import { startApp } from './app.ts';
import { DIALECTS } from './outbound.ts';

const [port = '3000', wanted = 'javascript'] = process.argv.slice(2);
const connectionString = process.env['ACS_CONNECTION_STRING'];
const dialect = DIALECTS.find((name) => name === wanted);
if (connectionString === undefined || dialect === undefined) {
  process.stderr.write(`ACS_CONNECTION_STRING must be set, and the dialect one of ${DIALECTS.join(', ')}\n`);
  process.exit(1);
}
const log = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const app = await startApp({ connectionString, port: Number(port), dialect, log });
log(`IncomingCall is to go to ${app.incomingCallUrl}`);
