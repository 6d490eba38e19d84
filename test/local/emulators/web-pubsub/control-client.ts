import type { RunningWebPubSub } from '../../../../local/emulators/web-pubsub/service/server.ts';

export const CONTROL_TOKEN = 'a control token of the test';

/** One request to the control surface. */
export async function control(
  service: RunningWebPubSub,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  { body, token = CONTROL_TOKEN }: { body?: unknown; token?: string } = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${service.url}/control/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
