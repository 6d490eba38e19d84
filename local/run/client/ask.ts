/** One request to a part of the system. @throws Error that names the part where it no longer answers */
export async function ask(part: string, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    throw new Error(
      `${part} no longer answers at ${new URL(url).origin}${code === undefined ? '' : ` (${code})`}: has the system been stopped?`,
    );
  }
}
