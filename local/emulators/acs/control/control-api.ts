import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audio } from '../../../phone/wav.ts';
import type { DeadLetter } from '../../event-grid/subscription.ts';
import type { Call } from '../call/call.ts';
import type { CallRegistry, RegisteredCall } from '../exchange/call-registry.ts';
import type { Switchboard } from '../exchange/switchboard.ts';
import type { FaultEngine } from '../faults/fault-engine.ts';
import { Fields, invalid } from '../http/fields.ts';
import { readBody } from '../http/read-body.ts';
import { type Refusal, RefusedError } from '../http/refusal.ts';
import { type Reply, refusalReply, sendReply } from '../http/reply.ts';
import { reportCall } from './call-report.ts';
import type { EventStream } from './event-stream.ts';
import { parsePlaceCall } from './place-call-request.ts';
import type { Scripts } from './scripts.ts';

const BODY_LIMIT = 64 * 1024 * 1024;
const MAX_KEYS = 18;
const KEYS = /^[0-9A-D*#]+$/;
const MAX_WORDS = 2_000;
/** About what a word takes to say. */
const WORD_MS = 400;
const DEFAULT_SAMPLE_RATE_HZ = 16_000;
const NOT_FOUND: Refusal = { status: 404, code: 'NotFound', message: 'Not found.' };

export interface ControlApiOptions {
  /** Absent: the whole surface does not exist. */
  readonly token: string | undefined;
  readonly calls: CallRegistry;
  readonly switchboard: Switchboard;
  readonly events: EventStream;
  readonly faults: FaultEngine;
  readonly deadLetters: () => readonly DeadLetter[];
  readonly scripts: Scripts;
}

/** The control surface: what a telephone network and a test want of the stand-in, apart from the Azure API. */
export class ControlApi {
  readonly #options: ControlApiOptions;

  constructor(options: ControlApiOptions) {
    this.#options = options;
  }

  /** @param path begins with `/control/` */
  async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (!this.#allowed(request.headers.authorization)) {
      sendReply(response, refusalReply(NOT_FOUND));
      return;
    }
    try {
      await this.#route(request, response, path);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      sendReply(response, refusalReply(error.refusal));
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const [, , area = '', id, action] = path.split('/');
    const route = `${request.method} ${area}${id === undefined ? '' : '/{id}'}${action === undefined ? '' : `/${action}`}`;
    switch (route) {
      case 'POST incoming-call':
      case 'POST calls': {
        const call = this.#options.switchboard.place(parsePlaceCall(await readJson(request)));
        sendReply(response, { status: 201, json: { id: call.ids.id } });
        return;
      }
      case 'GET calls':
        sendReply(response, { status: 200, json: { calls: this.#options.calls.all().map(reportCall) } });
        return;
      case 'GET calls/{id}':
        sendReply(response, { status: 200, json: reportCall(this.#find(id).call) });
        return;
      case 'GET calls/{id}/heard':
      case 'GET calls/{id}/said':
        sendAudio(response, this.#find(id), action === 'heard' ? 'heard' : 'said');
        return;
      case 'POST calls/{id}/hang-up':
        this.#find(id).call.hangUpByCaller();
        sendReply(response, { status: 204 });
        return;
      case 'POST calls/{id}/dtmf':
        sendReply(response, pressKeys(this.#find(id).call, await readJson(request)));
        return;
      case 'POST scripts':
        sendReply(response, { status: 201, json: this.#options.scripts.place(await readJson(request)) });
        return;
      case 'GET scripts/{id}':
        sendReply(response, { status: 200, json: this.#options.scripts.results(decode(id)) });
        return;
      case 'POST scripts/{id}/phones':
        this.#options.scripts.join(decode(id), await readJson(request));
        sendReply(response, { status: 204 });
        return;
      case 'GET scripts/{id}/heard':
      case 'GET scripts/{id}/said':
        sendSamples(response, this.#options.scripts.audio(decode(id), action === 'heard' ? 'heard' : 'said'));
        return;
      case 'POST callees':
        sendReply(response, {
          status: 201,
          json: this.#options.scripts.enterCallee(await readJson(request)),
        });
        return;
      case 'GET callees/{id}':
        sendReply(response, { status: 200, json: this.#options.scripts.callee(decode(id)) });
        return;
      case 'POST calls/{id}/says':
        sendReply(response, sayWords(this.#find(id).call, await readJson(request)));
        return;
      case 'GET events':
        if (!this.#options.events.add(response)) {
          throw new RefusedError({
            status: 429,
            code: 'TooManyReaders',
            message: 'Too many readers of events.',
          });
        }
        return;
      case 'GET dead-letters':
        sendReply(response, { status: 200, json: { deadLetters: this.#options.deadLetters() } });
        return;
      case 'GET faults':
        sendReply(response, { status: 200, json: this.#options.faults.report() });
        return;
      case 'PUT faults':
        this.#planFaults(await readJson(request));
        sendReply(response, { status: 204 });
        return;
      case 'POST faults':
        this.#armFault(await readJson(request));
        sendReply(response, { status: 204 });
        return;
      default:
        throw new RefusedError(NOT_FOUND);
    }
  }

  #find(id: string | undefined): RegisteredCall {
    const found = this.#options.calls.find(id ?? '');
    if (found === undefined) {
      throw new RefusedError({ ...NOT_FOUND, message: 'There is no such call, or it ended long ago.' });
    }
    return found;
  }

  #planFaults(plan: unknown): void {
    try {
      this.#options.faults.replace(plan);
    } catch (error) {
      if (error instanceof RangeError) throw invalid(error.message);
      throw error;
    }
  }

  /** One error after the operation; the short form of a rule. */
  #armFault(body: unknown): void {
    const fields = new Fields(body);
    const status = fields.whole('status', 400, 599);
    if (status === undefined) throw invalid('The field status is required.');
    const operation = fields.optionalText('operation');
    const retryAfterMs = fields.whole('retryAfterMs', 0, 60_000);
    this.#options.faults.add({
      on: 'rest',
      fault: 'error',
      when: 'after',
      status,
      count: fields.whole('count', 1, 1_000) ?? 1,
      ...(operation === undefined ? {} : { operation }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  #allowed(authorization: string | undefined): boolean {
    const { token } = this.#options;
    if (token === undefined || token === '' || authorization === undefined) return false;
    return timingSafeEqual(digest(`Bearer ${token}`), digest(authorization));
  }
}

function pressKeys(call: Call, body: unknown): Reply {
  const fields = new Fields(body);
  const keys = fields.text('keys').toUpperCase();
  const rawId = fields.optionalText('participant') ?? call.from.rawId;
  if (!KEYS.test(keys) || keys.length > MAX_KEYS) {
    throw invalid(`The field keys must be 1 to ${MAX_KEYS} of the keys 0-9, A-D, * and #.`);
  }
  for (const key of keys) {
    if (call.connection?.telephones.participantPressesKey(rawId, key) !== true) {
      throw new RefusedError({
        status: 409,
        code: 'NoDtmf',
        message:
          'Nobody takes keys on this call: no recognition listens to the participant, and no media stream that carries DTMF is open (enableDtmfTones).',
      });
    }
  }
  return { status: 202, json: { sent: keys.length } };
}

function sayWords(call: Call, body: unknown): Reply {
  const fields = new Fields(body);
  const text = fields.text('text');
  if (text.length > MAX_WORDS)
    throw invalid(`The field text must not be longer than ${MAX_WORDS} characters.`);
  const rawId = fields.optionalText('participant') ?? call.from.rawId;
  const durationMs = text.split(/\s+/).length * WORD_MS;
  if (call.connection?.telephones.participantSays({ rawId, text, startedMs: 0, durationMs }) !== true) {
    throw new RefusedError({
      status: 409,
      code: 'NobodyListens',
      message:
        'Nobody listens to words on this call: neither recognition of this participant nor transcription.',
    });
  }
  return { status: 202 };
}

function sendAudio(
  response: ServerResponse,
  { call, audio }: RegisteredCall,
  direction: 'heard' | 'said',
): void {
  if (typeof audio === 'string') {
    const message =
      audio === 'dropped'
        ? 'The audio of this call has been dropped.'
        : 'The audio of this call is not recorded.';
    throw new RefusedError({ status: 410, code: 'NoAudio', message });
  }
  const samples = direction === 'heard' ? audio.heard() : audio.said();
  sendSamples(response, { samples, sampleRateHz: call.meter.sampleRateHz ?? DEFAULT_SAMPLE_RATE_HZ });
}

function sendSamples(response: ServerResponse, { samples, sampleRateHz }: Audio): void {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': String(samples.byteLength),
    'x-sample-rate-hz': String(sampleRateHz),
  });
  response.end(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
}

/** @throws RefusedError 400 when it is no percent-encoded text */
function decode(segment: string | undefined): string {
  try {
    return decodeURIComponent(segment ?? '');
  } catch {
    throw invalid('The path is not percent-encoded text.');
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request, BODY_LIMIT);
  if (body === undefined) {
    throw new RefusedError({
      status: 413,
      code: 'RequestEntityTooLarge',
      message: `The body is over ${BODY_LIMIT} bytes.`,
    });
  }
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid('The request body is not JSON.');
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
