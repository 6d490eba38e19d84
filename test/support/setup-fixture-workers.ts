/** Before all tests that share the system with the workers of `test/fixtures/worker-app`: starts it. */
import { join } from 'node:path';
import { pino } from 'pino';
import type { TestProject } from 'vitest/node';
import { WebSocketServer } from 'ws';
import { defineWorker } from '../../functions/workers/kit/define-worker.ts';
import { freePort } from '../../local/emulators/common/free-port.ts';
import { connectTelephones } from '../../local/run/client/called-telephones.ts';
import { freePorts } from '../../local/run/stack/ports.ts';
import { obey } from '../fixtures/worker-app/controller.ts';
import { fixtureRoutes, RESIDENT_LINE } from './fixture-workers.ts';
import { residentTable, startResidentOf } from './resident-of-system.ts';
import { startSystemOfRun, useRunFolder } from './run-folder.ts';
import { LONG_LEAD } from './system.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = await useRunFolder();
  const [ports, residentPort, transcriptPort] = await Promise.all([freePorts(), freePort(), freePort()]);
  const transcripts = new WebSocketServer({ port: transcriptPort, host: '127.0.0.1' });
  transcripts.on('connection', (socket) => socket.on('message', () => {}));
  const chunks = join(run.folder, 'chunks.jsonl');
  const heard = join(run.folder, 'heard.jsonl');
  const { test, shared, note, stop } = await startSystemOfRun(run, 'fixture-workers', {
    ports,
    workerApp: join(import.meta.dirname, '../fixtures/worker-app/main.ts'),
    routes: fixtureRoutes(`ws://127.0.0.1:${transcriptPort}/`),
    extraEnv: {
      worker: { CHUNKS_FILE: chunks, HEARD_FILE: heard },
      webPubSub: residentTable('resident', residentPort, ports),
      relay: { ...LONG_LEAD.relay, LOG_LEVEL: 'debug' },
    },
  });
  const worker = defineWorker({
    name: 'resident',
    listen: { mode: 'stream' },
    onAudio: () => {},
    onDtmf: ({ tone }, call) => obey(tone, call),
  });
  const log = pino({ level: 'debug' }, { write: (line) => note(`${RESIDENT_LINE} ${line.trimEnd()}`) });
  const resident = await startResidentOf(test, worker, residentPort, log);
  await connectTelephones(test.system);
  project.provide('wholeSystemRun', {
    folder: run.folder,
    product: run.product,
    shared: { ...shared, chunks, heard },
  });
  return async () => {
    await resident.close();
    await stop();
    transcripts.close();
    await run.release();
  };
}
