import type { CallControlMessage } from '../../../shared/wire/relay/call-control-messages.ts';
import type { Call, CallRefusal } from '../call/model.ts';
import type { ControlDeps, Log } from './deps.ts';
import type { RefusedRequest } from './request-call-action.ts';

export type TellOutcome =
  /** Web PubSub has the message; the relay that has the call acts on it. */
  | { readonly kind: 'told'; readonly call: Call }
  | RefusedRequest
  /** The app was not given a way to the relays. */
  | { readonly kind: 'no way' }
  | { readonly kind: 'failed' };

/**
 * Changes the workers of a call that is streamed, or tells them something. Only a relay that has the call's stream hears it, so that a call
 * whose audio is not streamed is refused; whether the relay could act on it is in its report of the call.
 * @throws CallStoreError
 */
export async function tellRelay(
  deps: ControlDeps,
  callId: string,
  message: CallControlMessage,
  log: Log,
): Promise<TellOutcome> {
  const { tellRelay: publish, store, clock, newId } = deps;
  const call = await store.get(callId);
  if (call === undefined) return { kind: 'unknown call' };
  const refusal = refusalOf(call);
  if (refusal !== undefined) return { kind: 'refused', refusal, call };
  if (publish === undefined) return { kind: 'no way' };
  const worker = workerOf(message);
  const entry = { type: TIMELINE_TYPE[message.type], ...(worker === undefined ? {} : { worker }) };
  try {
    await publish(callId, message);
  } catch (error) {
    log.warn('Web PubSub did not take a message for a relay', {
      callId,
      type: message.type,
      why: nameOf(error),
    });
    return { kind: 'failed' };
  }
  await store.appendTimeline(callId, {
    id: newId(),
    atMs: clock.now(),
    source: 'api',
    type: entry.type,
    details: worker === undefined ? {} : { worker },
  });
  log.info('The relay of a call is told something', { callId, ...entry });
  return { kind: 'told', call };
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

function workerOf(message: CallControlMessage): string | undefined {
  switch (message.type) {
    case 'attach':
      return message.worker.name;
    case 'detach':
    case 'message':
      return message.worker;
  }
}

/** The message of an error of the service may hold its address. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
