import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { specOf } from '../../local/run/stack/specs.ts';
import { type Rig, startChild } from './rig.ts';

const ASK_EVERY_MS = 2;
const LIMIT_MS = 20_000;

/** From the start of the process to each of these, in milliseconds. */
export interface StartUp {
  /** The host listens, with all functions registered. */
  readonly readyMs: number;
  /** A first request has been served that needs table storage: a call that is not there. */
  readonly servedMs: number;
}

/** Starts one more process of the control app and asks it until it answers. */
export async function measureStartUp(rig: Rig, port: number): Promise<StartUp> {
  const layout = { ...rig.layout, ports: { ...rig.layout.ports, control: port } };
  const startedMs = performance.now();
  const child = startChild(specOf('control', layout, [{ name: 'everyone', workers: [{ name: 'echo' }] }]));
  try {
    let readyMs = 0;
    const ready = child.ready().then(() => {
      readyMs = performance.now() - startedMs;
    });
    const url = `http://127.0.0.1:${port}/api/calls/${randomUUID().replaceAll('-', '')}`;
    const headers = { 'x-functions-key': layout.secrets.functionsHostKey };
    for (;;) {
      const status = await fetch(url, { headers }).then(
        async (response) => {
          await response.text();
          return response.status;
        },
        () => 0,
      );
      if (status === 404) break;
      if (status !== 0 && status !== 503) throw new Error(`the first request was answered ${status}`);
      if (performance.now() - startedMs > LIMIT_MS)
        throw new Error(`no request was served in ${LIMIT_MS} ms`);
      await delay(ASK_EVERY_MS);
    }
    const servedMs = performance.now() - startedMs;
    await ready;
    return { readyMs, servedMs };
  } finally {
    await child.stop();
  }
}
