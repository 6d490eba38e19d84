import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import * as z from 'zod';

interface Media {
  readonly schema: unknown;
}

interface ResponseObject {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, Media>>;
}

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
  };
}

/** Judges answers by `docs/openapi.json`, as somebody would who has nothing else. */
export class OpenApiJudge {
  readonly #document = JSON.parse(
    readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
  ) as Document;
  readonly #schemas = new Map<unknown, z.ZodType>();

  /** @throws Error for a request that the document does not know. */
  operationOf(method: string, path: string): string {
    return this.#find(method, path).operationId;
  }

  /** Fails where the document does not allow this answer. `path` is below `/api`. */
  judge(method: string, path: string, status: number, contentType: string, body: string): void {
    const operation = this.#find(method, path);
    const what = `${operation.operationId} answers ${status} ${contentType} ${body.slice(0, 500)}`;
    // The host asks for the key, and answers without a body.
    if (status === 401 && body === '') return;
    const listed = operation.responses[String(status)];
    expect(listed, `${what}: the document lists the status`).toBeDefined();
    const response = this.#resolve(listed ?? {});
    if (body === '') {
      expect(response.content, `${what}: the document says that there is a body`).toBeUndefined();
      return;
    }
    const type = contentType.replace(/;.*$/, '');
    const media = response.content?.[type];
    expect(media, `${what}: the document lists the content type`).toBeDefined();
    if (media === undefined) return;
    for (const value of valuesOf(type, body)) {
      const problems = this.#schemaOf(media.schema).safeParse(value).error?.issues ?? [];
      expect(problems, `${what}: as the document describes it`).toEqual([]);
    }
  }

  #find(method: string, path: string): Operation {
    for (const [template, methods] of Object.entries(this.#document.paths)) {
      const operation = methods[method.toLowerCase()];
      if (operation !== undefined && isLike(template, `/api${path}`)) return operation;
    }
    throw new Error(`the document has no operation ${method} ${path}`);
  }

  #resolve(response: ResponseObject): ResponseObject {
    const name = response.$ref?.replace('#/components/responses/', '');
    return name === undefined ? response : (this.#document.components.responses[name] ?? {});
  }

  #schemaOf(schema: unknown): z.ZodType {
    const known = this.#schemas.get(schema);
    if (known !== undefined) return known;
    const whole = { ...(schema as object), $defs: this.#document.components.schemas };
    const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/');
    const made = z.fromJSONSchema(JSON.parse(text));
    this.#schemas.set(schema, made);
    return made;
  }
}

function valuesOf(type: string, body: string): unknown[] {
  if (type !== 'text/event-stream') return [JSON.parse(body)];
  return [...body.matchAll(/^id: .*\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''));
}

function isLike(template: string, path: string): boolean {
  const wanted = template.split('/');
  const found = path.split('/');
  return (
    wanted.length === found.length &&
    wanted.every((segment, index) => segment.startsWith('{') || segment === found[index])
  );
}
