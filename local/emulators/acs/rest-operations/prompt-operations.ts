import { type Fields, invalid } from '../http/fields.ts';
import { RefusedError, refusals } from '../http/refusal.ts';
import { type PlaySource, readPlaySource, readPlaySources } from '../media-operations/play-source.ts';
import { ALL_TONES } from '../media-operations/tones.ts';
import { knowsHoldAudio, knowsPlayStarted } from './api-versions.ts';
import {
  action,
  CALL,
  establishedConnection,
  type Operation,
  type OperationRequest,
  type OperationResult,
  once,
} from './operation.ts';
import { readRecognizeRequest } from './recognize-request.ts';
import { readIdentifiers, readReplyTo, requireIdentifier } from './request-fields.ts';

/**
 * Tones that can be sent at once, at most (Microsoft Learn, "How to control mid-call media actions with Call
 * Automation").
 */
const MAX_TONES = 18;

/** Prompts, recognition, keys and hold. */
export const promptOperations: readonly Operation[] = [
  action('play', 202, play),
  action('interruptAudioAndAnnounce', 202, interruptAudioAndAnnounce),
  action('recognize', 202, recognize),
  action('cancelAllMediaOperations', 202, (request) => establishedConnection(request).operations.cancelAll()),
  action('startContinuousDtmfRecognition', 200, startContinuousDtmf),
  action('stopContinuousDtmfRecognition', 200, stopContinuousDtmf),
  once('sendDtmfTones', `${CALL}:sendDtmfTones`, 202, sendDtmf),
  action('hold', 200, hold),
  action('unhold', 200, unhold),
];

function play(request: OperationRequest): undefined {
  const { fields, apiVersion } = request;
  const { operations } = establishedConnection(request);
  const sources = readSources(fields);
  const options = fields.object('playOptions');
  const loop = options?.flag('loop', false) ?? false;
  const toAll = fields.objects('playTo').length === 0;
  const targets = toAll ? 'all' : readIdentifiers(fields, 'playTo').map(({ rawId }) => rawId);
  // Previews have it among the options.
  const interrupts =
    fields.flag('interruptCallMediaOperation', false) ||
    options?.flag('interruptCallMediaOperation', false) === true;
  const interruptsHold =
    options?.flag('interruptHoldAudio', false) === true && !toAll && knowsHoldAudio(apiVersion);
  const tellsStart = knowsPlayStarted(apiVersion);
  operations.play(
    { sources, targets, loop, interruptsHold, tellsStart, replyTo: readReplyTo(fields) },
    interrupts,
  );
}

function interruptAudioAndAnnounce(request: OperationRequest): undefined {
  const { fields, apiVersion } = request;
  if (!knowsHoldAudio(apiVersion))
    throw new RefusedError(
      refusals.noSuchOperation('interruptAudioAndAnnounce is in previews from 2024-09-01-preview on'),
    );
  const { operations } = establishedConnection(request);
  const { rawId } = requireIdentifier(fields, 'playTo');
  const replyTo = readReplyTo(fields);
  const play = { sources: readSources(fields), loop: false, interruptsHold: true, tellsStart: true, replyTo };
  operations.announce({ ...play, targets: [rawId] }, rawId);
}

function readSources(fields: Fields): readonly PlaySource[] {
  const sources = readPlaySources(fields.objects('playSources'));
  if (sources.length === 0) throw invalid('The field playSources must hold at least one source.');
  return sources;
}

function recognize(request: OperationRequest): undefined {
  const { operations } = establishedConnection(request);
  const { request: recognition, interrupts } = readRecognizeRequest(request.fields, request.apiVersion);
  operations.recognize(recognition, interrupts);
}

function startContinuousDtmf(request: OperationRequest): undefined {
  const { fields } = request;
  establishedConnection(request).operations.startContinuousDtmf(targetOf(fields), readReplyTo(fields));
}

function stopContinuousDtmf(request: OperationRequest): undefined {
  const { fields } = request;
  establishedConnection(request).operations.stopContinuousDtmf(targetOf(fields), readReplyTo(fields));
}

function sendDtmf(request: OperationRequest): OperationResult {
  const { fields } = request;
  const { operations } = establishedConnection(request);
  const tones = fields.eachOf('tones', ALL_TONES);
  if (tones.length === 0 || tones.length > MAX_TONES)
    throw invalid(`The field tones must hold 1 to ${MAX_TONES} tones, not ${tones.length}.`);
  const target = targetOf(fields);
  if (!target.startsWith('4:')) throw invalid('DTMF tones can be sent to phone numbers only.');
  const replyTo = readReplyTo(fields);
  operations.sendDtmf({ tones, target, replyTo });
  return { json: { operationContext: replyTo.operationContext } };
}

function hold(request: OperationRequest): undefined {
  const { fields, apiVersion } = request;
  const { operations } = establishedConnection(request);
  const source = fields.object('playSourceInfo');
  const music = source && { source: readPlaySource(source), tells: knowsHoldAudio(apiVersion) };
  operations.hold(targetOf(fields), music, readReplyTo(fields));
}

function unhold(request: OperationRequest): undefined {
  const { fields } = request;
  const { operations } = establishedConnection(request);
  readReplyTo(fields);
  operations.unhold(targetOf(fields));
}

function targetOf(fields: Fields): string {
  return requireIdentifier(fields, 'targetParticipant').rawId;
}
