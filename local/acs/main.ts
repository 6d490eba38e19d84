/** The process of the ACS stand-in: `node local/acs/main.ts [--port 8070] [--event-grid-endpoint URL]`; see README.md for all settings. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { EventSchema } from '../event-grid/event.ts';
import { runServer } from '../process/child.ts';
import type { AcsOptions } from './acs.ts';
import { startAcs } from './server.ts';

const DEFAULT_PORT = '8070';
const SCHEMAS: readonly EventSchema[] = ['EventGridSchema', 'CloudEventSchemaV1_0'];

function readOptions(): AcsOptions {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: DEFAULT_PORT },
      'event-grid-endpoint': { type: 'string' },
      'event-grid-schema': { type: 'string', default: SCHEMAS[0] },
      'token-issuer': { type: 'string' },
      'tls-key': { type: 'string' },
      'tls-cert': { type: 'string' },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port must be a number from 0 to 65535, not ${values.port}`);
  }
  const schema = SCHEMAS.find((name) => name === values['event-grid-schema']);
  if (schema === undefined) throw new Error(`--event-grid-schema must be one of ${SCHEMAS.join(', ')}`);
  const endpoint = values['event-grid-endpoint'] ?? process.env['EVENT_GRID_ENDPOINT'];
  return {
    host: values.host,
    port,
    accessKey: required('ACS_ACCESS_KEY'),
    resourceId: required('ACS_RESOURCE_ID'),
    controlToken: process.env['ACS_CONTROL_TOKEN'],
    tokenIssuer: values['token-issuer'],
    ...(endpoint === undefined || endpoint === '' ? {} : { eventGrid: { endpoint, schema } }),
    ...readTls(values['tls-key'], values['tls-cert']),
    log: (line) => process.stderr.write(`ACS: ${line}\n`),
  };
}

function readTls(key: string | undefined, cert: string | undefined): Pick<AcsOptions, 'tls'> {
  if (key === undefined && cert === undefined) return {};
  if (key === undefined || cert === undefined) {
    throw new Error('--tls-key and --tls-cert must be given together');
  }
  return { tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } };
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is missing`);
  return value;
}

await runServer('ACS', async () => startAcs(readOptions()));
