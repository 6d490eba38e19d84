import type { HttpHandler } from '@azure/functions';
import { openApiDocument } from '../../../shared/protocol/api/openapi.ts';
import { httpFunction } from '../http.ts';
import { conditional } from './entity-tag.ts';

/** The OpenAPI document, made when it is first asked for. It needs no settings: it can be read of an app that lacks some. */
export function getOpenApi(): HttpHandler {
  let document: ReturnType<typeof openApiDocument> | undefined;
  return httpFunction(async (request) => {
    document ??= openApiDocument();
    return conditional(request, 200, document);
  });
}
