import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { verifyRelayProof } from '../../../shared/wire/signed/relay-proof.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { until } from '../../support/until.ts';
import { scriptedLanes } from '../lane/scripted-lane.ts';
import {
  ADMIN_TOKEN,
  CALL_ID,
  dial,
  get,
  mediaUrl,
  startRelayFixture,
  TICKET_KEY,
  ticketFor,
} from '../relay-fixture.ts';

interface Asked {
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
}

/** A control app that has room for one text. */
async function controlApp() {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    const { url: path = '', headers } = request;
    if (path.endsWith('/notes')) asked.push({ path, authorization: headers.authorization ?? '', body });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"stored":1}');
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { asked, controlUrl: `http://127.0.0.1:${port}` };
}

it('reach the control app with a proof for this alone, and the metrics count what is stored and what is not', async () => {
  const { asked, controlUrl } = await controlApp();
  const lanes = scriptedLanes();
  const running = await startRelayFixture({ controlUrl }, { openConnection: lanes.open });
  await dial(mediaUrl(running, await ticketFor()));
  await until(() => {
    try {
      return lanes.of('echo') !== undefined;
    } catch {
      return false;
    }
  }, 'the lane');
  lanes.of('echo').started();
  lanes.of('echo').replyJson({
    actions: [
      { type: 'publish', text: 'key 7' },
      { type: 'publish', text: 'key 8' },
      { type: 'publish', text: 'my name is Rumpelstiltskin', kind: 'transcript' },
    ],
  });
  const [request] = await until(() => (asked.length > 0 ? asked : undefined), 'the texts');
  expect(request?.path).toBe(`/api/calls/${CALL_ID}/streaming/notes`);
  const proof = request?.authorization.replace('Bearer ', '') ?? '';
  await verifyRelayProof(proof, { callId: CALL_ID, action: 'notes' }, [TICKET_KEY], Date.now());
  const { notes } = JSON.parse(request?.body ?? '') as { notes: readonly { readonly text: string }[] };
  expect(notes.map(({ text }) => text)).toEqual(['key 7', 'key 8']);
  const metrics = await until(async () => {
    const { text } = await get(`${running.url}/metrics`, ADMIN_TOKEN);
    return text.includes('notes_stored_total 1') ? text : undefined;
  }, 'the metrics');
  expect(metrics).toContain('trunkline_relay_notes_dropped_total{reason="too many of the call"} 1\n');
});
