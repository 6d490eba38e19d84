/** What a program asks of the HTTP API about a call while it lasts. */
import { setTimeout as delay } from 'node:timers/promises';
import { ControlApi } from '../client/control-api.ts';
import { findProductCall, isAnsweredOrOver } from '../client/follow-call.ts';
import type { RunningSystem } from '../client/running-system.ts';
import { Telephone } from '../client/telephone.ts';
import type { Check } from './judge.ts';
import type { RequestFile } from './scenario-schema.ts';

const LOOK_EVERY_MS = 100;
/** States of a call in which nothing can be done with it yet. */
const BEFORE_CONNECTED: readonly unknown[] = ['ringing', 'answering', 'placing'];

interface AskedCall {
  readonly participant: string;
  /** The emulator's id of the call. */
  readonly id: string;
  /** How long the answer may take, and each operation. */
  readonly limitMs: number;
}

/**
 * Makes the requests one after the other from the answer on, each when the operation of the one before has succeeded;
 * after a failure no more are made.
 */
export async function askApi(
  system: RunningSystem,
  { participant, id, limitMs }: AskedCall,
  requests: readonly RequestFile[],
): Promise<Check[]> {
  if (requests.length === 0) return [];
  const api = new ControlApi(system);
  const answered = await new Telephone(system).waitFor(id, 'the answer', isAnsweredOrOver, limitMs);
  const product = await findProductCall(api, answered);
  const checks: Check[] = [];
  let problem: string | undefined;
  for (const [index, request] of requests.entries()) {
    const what = `request ${index + 1}, ${request.post}`;
    if (problem !== undefined) problem = 'a request before it failed';
    else if (product === undefined) problem = 'the control app has no such call';
    else problem = await perform(api, product.callId, request, limitMs);
    checks.push({ participant, what, held: problem === undefined, ...(problem && { detail: problem }) });
  }
  return checks;
}

/** @returns what went wrong */
async function perform(
  api: ControlApi,
  callId: string,
  { post, body = {} }: RequestFile,
  limitMs: number,
): Promise<string | undefined> {
  const giveUpAtMs = performance.now() + limitMs;
  const lookUntil = async (isEnough: (call: object) => boolean): Promise<boolean> => {
    for (;;) {
      const call = await api.call(callId);
      if (call !== undefined && isEnough(call)) return true;
      if (performance.now() > giveUpAtMs) return false;
      await delay(LOOK_EVERY_MS);
    }
  };
  if (!(await lookUntil((call) => !BEFORE_CONNECTED.includes((call as { state?: unknown }).state))))
    return `the call was not connected within ${limitMs / 1_000} s`;
  const response = await api.request('POST', `/calls/${callId}/${post}`, body);
  const answer = (await response.json().catch(() => ({}))) as { operation?: { id: string }; detail?: string };
  if (!response.ok) return `${response.status}: ${answer.detail ?? 'no detail'}`;
  const id = answer.operation?.id;
  if (id === undefined) return undefined;
  let failure: string | undefined;
  const settled = await lookUntil((call) => {
    const { operations = [] } = call as { operations?: { id: string; state: string; reason?: string }[] };
    const operation = operations.find((each) => each.id === id);
    if (operation?.state === 'failed') failure = operation.reason ?? 'it failed';
    return operation?.state !== 'pending';
  });
  return settled ? failure : `no result within ${limitMs / 1_000} s`;
}
