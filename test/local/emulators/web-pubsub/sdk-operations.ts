import { readFile } from 'node:fs/promises';

/** One operation of the data plane as Microsoft's server SDK is generated from it. */
export interface SdkOperation {
  readonly method: string;
  readonly path: string;
  /** The statuses that the SDK takes for success. */
  readonly successes: readonly number[];
}

const FILES = ['operations/webPubSub.js', 'operations/healthApi.js'];
const SPEC =
  /const [\w$]+OperationSpec = \{\n {4}path: "([^"]+)",\n {4}httpMethod: "([A-Z]+)",\n {4}responses: \{([\s\S]*?)\n {4}\w/g;
const STATUS = /\s(\d{3}): \{/g;

/** Every operation in the source of `@azure/web-pubsub`; one that only follows a link of another is left out. */
export async function sdkOperations(): Promise<readonly SdkOperation[]> {
  const found = new Map<string, SdkOperation>();
  for (const file of FILES) {
    const source = await readFile(
      new URL(`../../../../node_modules/@azure/web-pubsub/dist/esm/generated/${file}`, import.meta.url),
      'utf8',
    );
    const specs = [...source.matchAll(SPEC)];
    const declared = source.match(/OperationSpec = \{/g)?.length ?? 0;
    if (specs.length !== declared || declared === 0)
      throw new Error(`${file} declares ${declared} operations, of which ${specs.length} can be read`);
    for (const [, path = '', method = '', responses = ''] of specs) {
      if (path === '{nextLink}') continue;
      // 404 of a HEAD request is an answer for the SDK, not a success.
      const statuses = [...responses.matchAll(STATUS)].map(([, status]) => Number(status));
      found.set(`${method} ${path}`, { method, path, successes: statuses.filter((status) => status < 300) });
    }
  }
  return [...found.values()];
}
