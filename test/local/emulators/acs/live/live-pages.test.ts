import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import { MAX_PAGES } from '../../../../../local/emulators/acs/live/live-phones.ts';
import { closedAfterEach } from '../../../../support/closed-after-each.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';
import { until } from '../../../../support/until.ts';
import { type AcsFixture, CALLED, CALLER, startAcsFixture } from '../acs-fixture.ts';
import { OWN_NUMBER } from '../calling-fixture.ts';
import { answerCallFrom, connect, type LivePage, openPage } from './live-page.ts';

const LIVE_NUMBER = '+14255550177';

const fixture = closedAfterEach(startAcsFixture);

const manual = closedAfterEach(async () => {
  const clock = new ManualClock();
  return { ...(await startAcsFixture({ clock })), clock };
});

/** The telephone of this page can still place a call, which the application answers. */
async function works(f: AcsFixture, page: LivePage): Promise<void> {
  page.tell({ type: 'call', to: CALLED, from: CALLER });
  await answerCallFrom(f, CALLER);
  await page.first('answered');
}

async function phones(f: AcsFixture): Promise<object[]> {
  return ((await (await f.control('GET', 'phones')).json()) as { phones: object[] }).phones;
}

/** The application calls a number. */
async function callTo(f: AcsFixture, phoneNumber: string) {
  const { callConnectionProperties, callConnection } = await f.client.createCall(
    {
      targetParticipant: { phoneNumber },
      sourceCallIdNumber: { phoneNumber: OWN_NUMBER },
      sourceDisplayName: 'Front desk',
    },
    f.callbackUrl,
  );
  return { callConnection, callConnectionId: callConnectionProperties.callConnectionId };
}

describe('the socket of a live telephone', () => {
  it.each([
    ['no token', undefined],
    ['another token', 'other'],
    ['an empty token', ''],
  ])('is not there for %s', async (_, token) => {
    const f = await fixture();
    await expect(connect(f, token ?? ' ')).rejects.toThrow('status 404');
    expect(await phones(f)).toEqual([]);
  });

  it('is not there without a control surface, nor under another path', async () => {
    const f = await fixture({ controlToken: '' });
    await expect(connect(f, '')).rejects.toThrow('status 404');
    const { acs } = await fixture();
    await expect(connect({ acs: { url: `${acs.url}/x` } } as AcsFixture)).rejects.toThrow('status 404');
  });

  it('is closed for a stranger who keeps a side of the refused connection open', async () => {
    const f = await fixture();
    const { hostname, port } = new URL(f.acs.url);
    const stranger = connectTcp({ host: hostname, port: Number(port), allowHalfOpen: true });
    stranger.write('GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [answer] = await once(stranger, 'data');
    expect(String(answer)).toContain('404 Not Found');
    // It waits for every connection.
    await f.acs.close();
    stranger.destroy();
  });

  it('leaves alone what asks for another protocol than WebSocket', async () => {
    const { acs } = await fixture();
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' };
    request(`${acs.url}/calling/keys`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
    expect(await promise).toBe(200);
  });

  it('exists so many times and no more, and once more when one is gone', async () => {
    const f = await fixture();
    const pages: LivePage[] = [];
    for (let n = 0; n < MAX_PAGES; n += 1) pages.push(await openPage(f, 16_000));
    await expect(connect(f)).rejects.toThrow('status 503');
    pages[0]?.cut();
    await until(async () => (await phones(f)).length < MAX_PAGES, 'the end of one');
    await works(f, await openPage(f, 16_000));
  });

  it.each([
    ['a rate of which 20 ms are no whole number of samples', { type: 'hello', v: 1, rateHz: 22_055 }],
    ['a rate that is too low', { type: 'hello', v: 1, rateHz: 7_950 }],
    ['a rate that is too high', { type: 'hello', v: 1, rateHz: 192_050 }],
    ['another version', { type: 'hello', v: 2, rateHz: 16_000 }],
    ['an unknown member', { type: 'hello', v: 1, rateHz: 16_000, admin: true }],
    ['a call before hello', { type: 'call', to: CALLED, from: CALLER }],
  ])('refuses %s, and takes a hello after it', async (_, message) => {
    const f = await fixture();
    const page = await connect(f);
    page.tell(message);
    expect(await page.first('refused')).toEqual({ type: 'refused', reason: 'malformed' });
    page.tell({ type: 'hello', v: 1, rateHz: 16_000 });
    await page.first('hello');
    await works(f, page);
  });

  it('counts what it does not understand, answers the first of a kind, and goes on', async () => {
    const f = await fixture();
    const page = await openPage(f, 16_000);
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"type":"dance"}',
      '{"type":"hangUp","now":1}',
      'x'.repeat(5_000),
    ])
      page.tellText(text);
    page.tell({ type: 'hello', v: 1, rateHz: 48_000 });
    page.tell({ type: 'key', key: '12' });
    for (const bytes of [0, 1, 639, 641, 1_920]) page.sayBytes(new Uint8Array(bytes));
    expect(await page.settled()).toMatchObject({ ignored: 14 });
    expect(page.all('refused')).toEqual([
      { type: 'refused', reason: 'malformed' },
      { type: 'refused', reason: 'frameSize' },
    ]);
    await works(f, page);
  });

  it.each([
    ['hangUp', { type: 'hangUp' }, 'noCall'],
    ['key', { type: 'key', key: '1' }, 'noCall'],
    ['answer', { type: 'answer', id: '7' }, 'noSuchCall'],
    ['decline', { type: 'decline', id: '7' }, 'noSuchCall'],
  ])('refuses %s where there is no call', async (_, message, reason) => {
    const f = await fixture();
    const page = await openPage(f, 16_000);
    page.tell(message);
    expect(await page.first('refused')).toMatchObject({ reason });
    await works(f, page);
  });

  it('refuses a second call, and an address that is none', async () => {
    const f = await fixture();
    const page = await openPage(f, 16_000);
    page.tell({ type: 'call', to: 'nobody', from: CALLER });
    expect(await page.first('refused')).toMatchObject({ detail: expect.stringContaining('nobody') });
    await works(f, page);
    page.tell({ type: 'call', to: CALLED, from: CALLER });
    await page.settled();
    expect(page.all('refused')[1]).toMatchObject({ reason: 'busy' });
  });

  it('is closed for one that says no hello, and for one that answers no ping', async () => {
    const f = await manual();
    const silent = await connect(f);
    const page = await openPage(f, 16_000);
    f.clock.advance(5_000);
    expect(await silent.closed()).toBe(1008);
    // The pong of the first ping has come before the answer to `settled`.
    await page.settled();
    f.clock.advance(10_000);
    await page.settled();
    expect(page.closeCode).toBeUndefined();
    // No time passes between the next ping and its limit.
    f.clock.advance(30_000);
    expect(await page.closed()).toBe(1006);
  });

  it('is closed for one that sends far more than a telephone, and stays for the others', async () => {
    const f = await manual();
    const flood = await openPage(f, 16_000);
    const other = await openPage(f, 16_000);
    for (let n = 0; n < 1_000; n += 1) flood.say(new Int16Array(320));
    expect(await flood.closed()).toBe(1008);
    for (let n = 0; n < 400; n += 1) other.say(new Int16Array(320));
    expect(await other.settled()).toMatchObject({ ignored: 0 });
    expect(other.closeCode).toBeUndefined();
  });

  it('tells the control surface of itself', async () => {
    const f = await fixture();
    const page = await openPage(f, 48_000);
    page.tell({ type: 'stats', underruns: 3, playbackMs: 60 });
    await page.first('stats');
    expect(await phones(f)).toEqual([
      { rateHz: 48_000, state: 'idle', page: { underruns: 3, playbackMs: 60 }, ignored: 0, unread: 0 },
    ]);
    await works(f, page);
    const { callId } = await page.first('answered');
    expect(await phones(f)).toMatchObject([{ callId, state: 'answered', late: 0 }]);
  });
});

describe('a number that a live telephone has claimed', () => {
  it('rings it, and connects the call that it answers', async () => {
    const f = await fixture();
    const page = await openPage(f, 16_000, { number: LIVE_NUMBER });
    const { callConnection, callConnectionId } = await callTo(f, LIVE_NUMBER);
    const { id, ...shown } = await page.first('incoming');
    expect(shown).toEqual({ type: 'incoming', from: `4:${OWN_NUMBER}`, displayName: 'Front desk' });
    page.tell({ type: 'answer', id });
    expect(await page.first('answered')).toMatchObject({ callConnectionId });
    await f.callback('CallConnected');
    await callConnection.hangUp(true);
    expect(await page.first('ended')).toEqual({
      type: 'ended',
      by: 'application',
      outcome: 'hungUpByApplication',
    });
  });

  it('rings it when somebody is added to a call or a call is transferred', async () => {
    const f = await fixture();
    const caller = await openPage(f, 16_000);
    const page = await openPage(f, 16_000, { number: LIVE_NUMBER });
    caller.tell({ type: 'call', to: CALLED, from: CALLER });
    const connection = await answerCallFrom(f, CALLER);
    await connection.addParticipant({
      targetParticipant: { phoneNumber: LIVE_NUMBER },
      sourceCallIdNumber: { phoneNumber: OWN_NUMBER },
    });
    page.tell({ type: 'answer', id: (await page.first('incoming')).id });
    await f.callback('AddParticipantSucceeded');
    page.tell({ type: 'hangUp' });
    expect(await page.first('ended')).toMatchObject({ by: 'you' });
    await connection.transferCallToParticipant({ phoneNumber: LIVE_NUMBER });
    const second = await until(() => page.all('incoming')[1], 'the transferred call');
    page.tell({ type: 'answer', id: second.id });
    await f.callback('CallTransferAccepted');
    caller.tell({ type: 'hangUp' });
    expect(await until(() => page.all('ended')[1], 'the end')).toMatchObject({ by: 'others' });
  });

  it.each([
    ['declines', (page: LivePage, id: unknown) => page.tell({ type: 'decline', id }), 603],
    ['is lost', (page: LivePage) => page.cut(), 480],
  ])('fails for the application when the page %s', async (_, act, code) => {
    const f = await fixture();
    const page = await openPage(f, 16_000, { number: LIVE_NUMBER });
    await callTo(f, LIVE_NUMBER);
    act(page, (await page.first('incoming')).id);
    const { data } = await f.callback('CreateCallFailed');
    expect(data['resultInformation']).toMatchObject({ code });
  });

  it('stops ringing when the application gives up', async () => {
    const f = await fixture();
    const page = await openPage(f, 16_000, { number: LIVE_NUMBER });
    const { callConnection } = await callTo(f, LIVE_NUMBER);
    const { id } = await page.first('incoming');
    await callConnection.hangUp(true);
    expect(await page.first('ended')).toEqual({ type: 'ended', id, by: 'service', outcome: 'noAnswer' });
    page.tell({ type: 'answer', id });
    expect(await page.first('refused')).toMatchObject({ reason: 'noSuchCall' });
    await works(f, page);
  });

  it('is busy while the page is on a call', async () => {
    const f = await fixture();
    const page = await openPage(f, 16_000, { number: LIVE_NUMBER });
    await works(f, page);
    await callTo(f, LIVE_NUMBER);
    const { data } = await f.callback('CreateCallFailed');
    expect(data['resultInformation']).toMatchObject({ code: 486 });
    expect(page.all('incoming')).toEqual([]);
  });

  it('belongs to one page, and to the next when that is gone', async () => {
    const f = await fixture();
    const page = await openPage(f, 16_000, { number: LIVE_NUMBER });
    const other = await openPage(f, 16_000, { number: LIVE_NUMBER });
    expect(await other.first('refused')).toMatchObject({ reason: 'numberTaken' });
    page.cut();
    await until(async () => (await phones(f)).length === 1, 'the end of the first');
    const next = await openPage(f, 16_000, { number: LIVE_NUMBER });
    await callTo(f, LIVE_NUMBER);
    next.tell({ type: 'answer', id: (await next.first('incoming')).id });
    await f.callback('CallConnected');
    expect(other.all('incoming')).toEqual([]);
  });
});
