import { beforeEach, describe, expect, it, vi } from 'vitest';
import { handlerOf } from '../../../../functions/control/triggers/register-endpoints.ts';
import type { OperationId } from '../../../../shared/wire/api/endpoints.ts';
import { CONNECTED_ID, connectedCall, report } from '../../../support/connected-call.ts';
import type { Answer, ControlFixture } from '../../../support/control-fixture.ts';

let fixture: ControlFixture;

beforeEach(async () => {
  fixture = await connectedCall();
});

function read(id: OperationId, ifNoneMatch?: string): Promise<Answer> {
  const headers = ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch };
  return fixture.ask(id, { params: { callId: CONNECTED_ID }, headers });
}

describe('a read', () => {
  it.each<OperationId>(['getCall', 'listCalls', 'getTimeline', 'listParticipants', 'getOpenApi'])(
    'has a strong tag, by which %s is not sent again while it is the same',
    async (id) => {
      const first = await read(id);
      const etag = first.headers.get('etag') ?? '';
      expect(etag).toMatch(/^"[\w-]{27}"$/);
      expect(first.headers.get('cache-control')).toBe('private, no-cache');
      for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await read(id, header);
        expect(again.status, header).toBe(304);
        expect(again.text, 'a 304 has no body').toBe('');
        expect(again.headers.get('etag')).toBe(etag);
      }
      expect((await read(id, '"other"')).status).toBe(200);
    },
  );

  it('of the description is written as text once', async () => {
    await read('getOpenApi');
    const stringify = vi.spyOn(JSON, 'stringify');
    const { respond } = fixture;
    const handler = handlerOf('getOpenApi', fixture.load, 'nothing');
    const [first, second] = [
      await respond.call(fixture, handler, { method: 'GET' }),
      await respond.call(fixture, handler, { method: 'GET' }),
    ];
    expect(stringify).not.toHaveBeenCalled();
    stringify.mockRestore();
    expect(first.body).toBe(second.body);
    expect(String(first.body)).toContain('"openapi":"3.1.0"');
  });

  it('has another tag once something has changed', async () => {
    const etag = (await read('getCall')).headers.get('etag') ?? '';
    await report(fixture, 'MediaStreamingStarted');
    const changed = await read('getCall', etag);
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });
});
