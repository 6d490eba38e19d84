import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Audio, writeWav } from '../../../../shared/audio/wav.ts';
import { readBody } from '../../common/read-body.ts';
import { isSameSecret } from '../../common/secret.ts';
import type { DeadLetter } from '../../event-grid/subscription.ts';
import type { Call } from '../call/call.ts';
import type { CallRegistry, RegisteredCall } from '../exchange/call-registry.ts';
import type { Switchboard } from '../exchange/switchboard.ts';
import type { AcsFaultEngine } from '../faults/fault-plan.ts';
import { Fields, invalid, parseJson } from '../http/fields.ts';
import {
  type Refusal,
  RefusedError,
  type Reply,
  refusalReply,
  refusals,
  sendReply,
} from '../http/refusal.ts';
import { reportCall } from './call-report.ts';
import type { EventStream } from './event-stream.ts';
import { readPlaceCall } from './place-call-request.ts';
import type { Scripts } from './scripts.ts';

const BODY_LIMIT = 64 * 1024 * 1024;
const MAX_KEYS = 18;
const KEYS = /^[0-9A-D*#]+$/;
const MAX_WORDS = 2_000;
/** About what a word takes to say. */
const WORD_MS = 400;
const DEFAULT_SAMPLE_RATE_HZ = 16_000;
const NOT_FOUND: Refusal = { status: 404, code: 'NotFound', message: 'Not found.' };

interface ControlApiOptions {
  /** Without one, or with an empty one, nobody is let in. */
  readonly token: string | undefined;
  readonly calls: CallRegistry;
  readonly switchboard: Switchboard;
  readonly events: EventStream;
  readonly faults: AcsFaultEngine;
  readonly deadLetters: () => readonly DeadLetter[];
  readonly scripts: Scripts;
  /** Sockets of live telephones. */
  readonly phones: () => readonly object[];
}

/** The control surface: what a telephone network does in the real world, and what tests need beside the Azure API. */
export class ControlApi {
  readonly #options: ControlApiOptions;

  constructor(options: ControlApiOptions) {
    this.#options = options;
  }

  /** @param path begins with `/control/` */
  async handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    try {
      if (!this.allows(request)) throw new RefusedError(NOT_FOUND);
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
      case 'GET calls/{id}/heard':
      case 'GET calls/{id}/said':
        return sendSamples(response, audioOf(this.#find(id), directionOf(action)));
      case 'GET calls/{id}/heard.wav':
      case 'GET calls/{id}/said.wav':
        return sendWav(response, audioOf(this.#find(id), directionOf(action)));
      case 'GET scripts/{id}/heard':
      case 'GET scripts/{id}/said':
        return sendSamples(response, this.#options.scripts.audio(decode(id), directionOf(action)));
      case 'GET scripts/{id}/heard.wav':
      case 'GET scripts/{id}/said.wav':
        return sendWav(response, this.#options.scripts.audio(decode(id), directionOf(action)));
      case 'POST incoming-call':
      case 'POST calls': {
        const call = await readPlaceCall(await bodyOf(request), request.headers['content-type']);
        const { ids } = this.#options.switchboard.place(call);
        return sendReply(response, { status: 201, json: { id: ids.id } });
      }
      case 'GET events':
        if (this.#options.events.add(response)) return;
        throw refused(429, 'TooManyReaders', 'Too many readers of events.');
      default:
        sendReply(response, await this.#reply(route, id, () => readJson(request)));
    }
  }

  async #reply(route: string, id: string | undefined, body: () => Promise<unknown>): Promise<Reply> {
    const { calls, scripts, faults, deadLetters } = this.#options;
    switch (route) {
      case 'GET calls':
        return { status: 200, json: { calls: calls.all().map(reportCall) } };
      case 'GET calls/{id}':
        return { status: 200, json: reportCall(this.#find(id).call) };
      case 'POST calls/{id}/hang-up':
        this.#find(id).call.hangUpByCaller();
        return { status: 204 };
      case 'POST calls/{id}/dtmf':
        return pressKeys(this.#find(id).call, new Fields(await body()));
      case 'POST calls/{id}/says':
        return sayWords(this.#find(id).call, new Fields(await body()));
      case 'POST scripts':
        return { status: 201, json: scripts.place(await body()) };
      case 'GET scripts/{id}':
        return { status: 200, json: scripts.results(decode(id)) };
      case 'POST scripts/{id}/phones':
        scripts.join(decode(id), await body());
        return { status: 204 };
      case 'POST callees':
        return { status: 201, json: scripts.enterCallee(await body()) };
      case 'GET callees/{id}':
        return { status: 200, json: scripts.callee(decode(id)) };
      case 'GET phones':
        return { status: 200, json: { phones: this.#options.phones() } };
      case 'GET dead-letters':
        return { status: 200, json: { deadLetters: deadLetters() } };
      case 'GET faults':
        return { status: 200, json: faults.report() };
      case 'PUT faults':
        this.#planFaults(await body());
        return { status: 204 };
      case 'POST faults':
        this.#armFault(new Fields(await body()));
        return { status: 204 };
      default:
        throw new RefusedError(NOT_FOUND);
    }
  }

  #find(id: string | undefined): RegisteredCall {
    const found = this.#options.calls.find(id ?? '');
    if (found === undefined)
      throw new RefusedError({ ...NOT_FOUND, message: 'There is no such call, or it ended long ago.' });
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
  #armFault(fields: Fields): void {
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

  /** Whether the request carries the token. */
  allows({ headers: { authorization } }: Pick<IncomingMessage, 'headers'>): boolean {
    const { token } = this.#options;
    if (token === undefined || token === '' || authorization === undefined) return false;
    return isSameSecret(`Bearer ${token}`, authorization);
  }
}

function pressKeys(call: Call, fields: Fields): Reply {
  const keys = fields.text('keys').toUpperCase();
  const rawId = fields.optionalText('participant') ?? call.from.rawId;
  if (!KEYS.test(keys) || keys.length > MAX_KEYS)
    throw invalid(`The field keys must be 1 to ${MAX_KEYS} of the keys 0-9, A-D, * and #.`);
  for (const key of keys) {
    if (call.connection?.telephones.participantPressesKey(rawId, key) !== true)
      throw refused(
        409,
        'NoDtmf',
        'Nothing takes keys on this call: no recognition listens to the participant, and no media stream that carries DTMF is open (enableDtmfTones).',
      );
  }
  return { status: 202, json: { sent: keys.length } };
}

function sayWords(call: Call, fields: Fields): Reply {
  const text = fields.text('text');
  if (text.length > MAX_WORDS)
    throw invalid(`The field text must not be longer than ${MAX_WORDS} characters.`);
  const rawId = fields.optionalText('participant') ?? call.from.rawId;
  const durationMs = text.split(/\s+/).length * WORD_MS;
  if (call.connection?.telephones.participantSays({ rawId, text, startedMs: 0, durationMs }) !== true)
    throw refused(
      409,
      'NobodyListens',
      'Nothing listens to words on this call: neither recognition of this participant nor transcription.',
    );
  return { status: 202 };
}

function audioOf({ call, audio }: RegisteredCall, direction: 'heard' | 'said'): Audio {
  if (typeof audio === 'string') {
    const why = audio === 'dropped' ? 'has been dropped' : 'is not recorded';
    throw refused(410, 'NoAudio', `The audio of this call ${why}.`);
  }
  const samples = direction === 'heard' ? audio.heard() : audio.said();
  return { samples, sampleRateHz: call.meter.sampleRateHz ?? DEFAULT_SAMPLE_RATE_HZ };
}

function directionOf(action = ''): 'heard' | 'said' {
  return action.startsWith('heard') ? 'heard' : 'said';
}

function sendWav(response: ServerResponse, { samples, sampleRateHz }: Audio): void {
  const file = writeWav(samples, sampleRateHz);
  response.writeHead(200, { 'content-type': 'audio/wav', 'content-length': String(file.byteLength) });
  response.end(file);
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
  return parseJson(await bodyOf(request));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const body = await readBody(request, BODY_LIMIT);
  if (body === undefined) throw new RefusedError(refusals.bodyTooLong(BODY_LIMIT));
  return body;
}

function refused(status: number, code: string, message: string): RefusedError {
  return new RefusedError({ status, code, message });
}
