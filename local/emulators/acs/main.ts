/** The process of the ACS emulator: `node local/emulators/acs/main.ts [--port 8070]`; README.md lists all settings. */
import { runServer } from '../common/child.ts';
import { readCommandLine } from './command-line/options.ts';
import { welcome } from './command-line/welcome.ts';
import { startAcs } from './server/acs.ts';

await runServer('ACS', async () => {
  const { options, standAlone, caFile } = await readCommandLine(process.argv.slice(2), process.env);
  const acs = await startAcs(options);
  if (standAlone) {
    const { controlToken = '', eventGrid } = options;
    const eventGridEndpoint = eventGrid?.endpoint?.replace(/\?.*$/, '?…');
    process.stdout.write(`${welcome(acs, { controlToken, eventGridEndpoint, caFile })}\n`);
  }
  return acs;
});
