import { Fields, invalid } from '../http/fields.ts';
import { readPlaySource, readPlaySources } from '../media-operations/play-source.ts';
import { ALL_TONES } from '../media-operations/tones.ts';
import { readIdentifiers, requireIdentifier } from './identifier-field.ts';
import {
  CALL,
  establishedConnection,
  type Operation,
  type OperationRequest,
  type OperationResult,
  once,
  plain,
  readReplyTo,
} from './operation.ts';
import { readRecognizeRequest } from './recognize-request.ts';

/** Tones that can be sent at once, at most (Microsoft Learn, "How to control mid-call media actions with Call Automation"). */
const MAX_TONES = 18;

/** Prompts, recognition, keys and hold. */
export const promptOperations: readonly Operation[] = [
  plain('POST', 'play', `${CALL}:play`, 202, play),
  plain('POST', 'recognize', `${CALL}:recognize`, 202, recognize),
  plain('POST', 'cancelAllMediaOperations', `${CALL}:cancelAllMediaOperations`, 202, cancelAll),
  plain(
    'POST',
    'startContinuousDtmfRecognition',
    `${CALL}:startContinuousDtmfRecognition`,
    200,
    startContinuousDtmf,
  ),
  plain(
    'POST',
    'stopContinuousDtmfRecognition',
    `${CALL}:stopContinuousDtmfRecognition`,
    200,
    stopContinuousDtmf,
  ),
  once('sendDtmfTones', `${CALL}:sendDtmfTones`, 202, sendDtmf),
  plain('POST', 'hold', `${CALL}:hold`, 200, hold),
  plain('POST', 'unhold', `${CALL}:unhold`, 200, unhold),
];

function play(request: OperationRequest): OperationResult {
  const fields = new Fields(request.body);
  const { operations } = establishedConnection(request);
  const sources = readPlaySources(fields.objects('playSources'));
  if (sources.length === 0) throw invalid('The field playSources must hold at least one source.');
  const loop = fields.object('playOptions')?.flag('loop', false) ?? false;
  const toAll = fields.objects('playTo').length === 0;
  const targets = toAll ? 'all' : readIdentifiers(fields, 'playTo').map(({ rawId }) => rawId);
  const interrupts = fields.flag('interruptCallMediaOperation', false);
  operations.play({ sources, targets, loop, replyTo: readReplyTo(fields) }, interrupts);
  return {};
}

function recognize(request: OperationRequest): OperationResult {
  const { operations } = establishedConnection(request);
  const { request: recognition, interrupts } = readRecognizeRequest(new Fields(request.body));
  operations.recognize(recognition, interrupts);
  return {};
}

function cancelAll(request: OperationRequest): OperationResult {
  establishedConnection(request).operations.cancelAll();
  return {};
}

function startContinuousDtmf(request: OperationRequest): OperationResult {
  const fields = new Fields(request.body);
  establishedConnection(request).operations.startContinuousDtmf(targetOf(fields), readReplyTo(fields));
  return {};
}

function stopContinuousDtmf(request: OperationRequest): OperationResult {
  const fields = new Fields(request.body);
  establishedConnection(request).operations.stopContinuousDtmf(targetOf(fields), readReplyTo(fields));
  return {};
}

function sendDtmf(request: OperationRequest): OperationResult {
  const fields = new Fields(request.body);
  const { operations } = establishedConnection(request);
  const tones = fields.eachOf('tones', ALL_TONES);
  if (tones.length === 0 || tones.length > MAX_TONES) {
    throw invalid(`The field tones must hold 1 to ${MAX_TONES} tones, not ${tones.length}.`);
  }
  const target = targetOf(fields);
  if (!target.startsWith('4:')) throw invalid('DTMF tones can be sent to phone numbers only.');
  const replyTo = readReplyTo(fields);
  operations.sendDtmf({ tones, target, replyTo });
  return {
    json: replyTo.operationContext === undefined ? {} : { operationContext: replyTo.operationContext },
  };
}

function hold(request: OperationRequest): OperationResult {
  const fields = new Fields(request.body);
  const { operations } = establishedConnection(request);
  const source = fields.object('playSourceInfo');
  operations.hold(targetOf(fields), source && readPlaySource(source), readReplyTo(fields));
  return {};
}

function unhold(request: OperationRequest): OperationResult {
  const fields = new Fields(request.body);
  const { operations } = establishedConnection(request);
  readReplyTo(fields);
  operations.unhold(targetOf(fields));
  return {};
}

function targetOf(fields: Fields): string {
  return requireIdentifier(fields, 'targetParticipant').rawId;
}
