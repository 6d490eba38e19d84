import { openApiDocument } from '../../../shared/wire/api/openapi.ts';
import type { ServeEndpoint } from './endpoint-handler.ts';
import { conditional } from './entity-tag.ts';

let document: ReturnType<typeof openApiDocument> | undefined;

/** The OpenAPI document, made when it is first asked for. It needs no settings: it can be read of an app that lacks some. */
export const getOpenApi: ServeEndpoint = async (request) => {
  document ??= openApiDocument();
  return conditional(request, 200, document);
};
