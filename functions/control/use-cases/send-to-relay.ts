import type { CallControlMessage } from '../../../shared/wire/relay/call-control-messages.ts';
import type { Call, CallRefusal } from '../call/model.ts';
import { withoutWorker, withWorker } from '../call/workers.ts';
import type { ControlDeps, Log } from './deps.ts';
import type { RefusedRequest } from './request-call-action.ts';

type SendOutcome =
  /** Web PubSub has accepted the message. The relay that streams the call acts on it. */
  | { readonly kind: 'sent'; readonly call: Call }
  | RefusedRequest
  /** The settings name no Web PubSub. */
  | { readonly kind: 'not configured' }
  | { readonly kind: 'failed' };

/**
 * Changes the workers of a call, or sends them a message. Only the relay that streams the call receives it, so a call
 * that is not streamed is refused. Whether the relay could act on it is in the relay's report of the call.
 *
 * The row changes before the relay learns of it: the token of a worker that joins is valid as soon as the worker has
 * it, and that of a worker that leaves is not any more.
 * @throws CallStoreError
 */
export async function sendToRelay(
  deps: ControlDeps,
  callId: string,
  message: CallControlMessage,
  log: Log,
): Promise<SendOutcome> {
  const { publishToRelay, store, messages, clock, newId } = deps;
  let before: Call | undefined;
  const changed = await store.update(callId, (call) => {
    before = call;
    const refusal = refusalOf(call);
    if (refusal !== undefined) return { call, refusal };
    return { call: publishToRelay === undefined ? call : withChange(call, message) };
  });
  if (changed === undefined) return { kind: 'unknown call' };
  const { call, refusal } = changed;
  if (refusal !== undefined) return { kind: 'refused', refusal, call };
  if (publishToRelay === undefined) return { kind: 'not configured' };
  const worker = workerOf(message);
  const entry = { type: TIMELINE_TYPE[message.type], ...(worker === undefined ? {} : { worker }) };
  try {
    await publishToRelay(callId, message);
  } catch (error) {
    log.warn('Web PubSub did not accept a control message for the relay of a call', {
      callId,
      type: message.type,
      why: nameOf(error),
    });
    // The worker does not join. One that should leave stays without a token: its request can be repeated.
    if (message.type === 'attach' && call !== before)
      await store.update(callId, (now) => ({ call: withoutWorker(now, message.worker.name) }));
    return { kind: 'failed' };
  }
  if (message.type === 'message') await messages.add(callId, worker, clock.now());
  else
    await store.appendTimeline(callId, {
      id: newId(),
      atMs: clock.now(),
      source: 'api',
      type: entry.type,
      details: { worker: message.type === 'attach' ? message.worker.name : message.worker },
    });
  log.info('Sent a control message to the relay of a call', { callId, ...entry });
  return { kind: 'sent', call };
}

const TIMELINE_TYPE = {
  attach: 'WorkerAttachSent',
  detach: 'WorkerDetachSent',
  message: 'MessageSent',
} as const satisfies Record<CallControlMessage['type'], string>;

function refusalOf({ phase, streaming }: Call): CallRefusal | undefined {
  if (phase === 'ended' || phase === 'ending') return 'call-ended';
  if (phase !== 'connected') return 'call-not-connected';
  return streaming.state === 'active' || streaming.state === 'starting' ? undefined : 'streaming-already-off';
}

function withChange(call: Call, message: CallControlMessage): Call {
  switch (message.type) {
    case 'attach':
      return withWorker(call, message.worker);
    case 'detach':
      return withoutWorker(call, message.worker);
    case 'message':
      return call;
  }
}

function workerOf(message: CallControlMessage): string | undefined {
  switch (message.type) {
    case 'attach':
      return message.worker.name;
    case 'detach':
    case 'message':
      return message.worker;
  }
}

/** Only the name: the message of an SDK error may hold the address of the service. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
