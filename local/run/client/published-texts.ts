/** What workers say to those who watch a call: the texts that they publish in their groups of Web PubSub. */
import { clientAddresses } from '../../../shared/web-pubsub/client-addresses.ts';
import { parseWorkerActions } from '../../../shared/wire/lane/worker-messages.ts';
import { downGroup } from '../../../shared/wire/names.ts';
import type { ProductCall } from './control-api.ts';
import type { RunningSystem } from './running-system.ts';

const SUBPROTOCOL = 'json.webpubsub.azure.v1';
const MAX_TEXT = 500;

interface PublishedText {
  readonly worker: string;
  /** Shortened to what a terminal can show. */
  readonly text: string;
}

/**
 * Listens to the workers of the call's plan from now on. It shows what it can: texts that were published before it is
 * connected, and those of workers that are attached later, are missed.
 * @returns ends it
 */
export function watchTexts(
  { connectionStrings, urls }: Pick<RunningSystem, 'connectionStrings' | 'urls'>,
  { callId, plan }: Pick<ProductCall, 'callId' | 'plan'>,
  onText: (published: PublishedText) => void,
): () => void {
  const workers = new Map((plan?.workers ?? []).map(({ name }) => [downGroup(callId, name), name]));
  if (workers.size === 0) return () => {};
  const addressOf = clientAddresses({
    connectionString: connectionStrings.webPubSub,
    endpoint: urls.webPubSub,
  });
  let socket: WebSocket | undefined;
  let isOver = false;
  const open = async (): Promise<void> => {
    const url = await addressOf({ userId: `watches-${callId}`, groups: [...workers.keys()] });
    if (isOver) return;
    socket = new WebSocket(url, SUBPROTOCOL);
    socket.onmessage = ({ data }) => {
      for (const published of textsIn(data, workers)) onText(published);
    };
  };
  // Nothing depends on it: the call goes on, and is reported.
  open().catch(() => {});
  return () => {
    isOver = true;
    socket?.close();
  };
}

/** @param workers by the groups in which they publish */
export function textsIn(message: unknown, workers: ReadonlyMap<string, string>): PublishedText[] {
  const { group, data } = objectOf(message);
  const worker = typeof group === 'string' ? workers.get(group) : undefined;
  if (worker === undefined) return [];
  return parseWorkerActions(data).actions.flatMap((action) =>
    action.type === 'publish' ? [{ worker, text: action.text.slice(0, MAX_TEXT) }] : [],
  );
}

function objectOf(message: unknown): Record<string, unknown> {
  try {
    const value: unknown = typeof message === 'string' ? JSON.parse(message) : undefined;
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
