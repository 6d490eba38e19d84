/** Asks the control app to do something with a call. The call's own ticket is the proof. */

const REQUEST_LIMIT_MS = 5_000;

/** `url` is the whole address. The HTTP status, or undefined where there was no answer in time. It never rejects. */
export async function askControlApp(url: string, ticket: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${ticket}` },
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}
