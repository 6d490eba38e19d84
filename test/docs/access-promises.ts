/** A test that proves a promise: its file below `test/`, and a part of its title. */
type Proof = readonly [file: string, title: string];
type Entry = readonly [fragment: string, ...proofs: ('explanation' | 'instruction')[] | Proof[]];

const ACCESS = 'functions/control/access/access.test.ts';
const DOORS = 'functions/control/access/doors.test.ts';
const ENTRA = 'functions/control/access/entra-token.test.ts';
const OUTBOUND = 'functions/control/access/outbound.test.ts';
const SETTINGS = 'functions/control/access/settings.test.ts';
const WORKERS = 'functions/control/api/workers.test.ts';
const HOSTILE = 'functions/control/hostile/hostile.test.ts';
const REGISTER = 'functions/control/triggers/register.test.ts';
const REGISTER_WORKERS = 'functions/workers/hosts/functions/register.test.ts';
const CALL_REQUESTS = 'functions/control/adapters/tables/call-store-requests.test.ts';
const RESTART = 'functions/control/triggers/restart-media-streaming.test.ts';
const OPERATIONS = 'functions/control/api/operations.test.ts';
const NOTES = 'functions/control/triggers/worker-notes.test.ts';
const REPORTS = 'functions/control/triggers/stream-report.test.ts';
const HANDOVER = 'functions/control/triggers/stream-handover.test.ts';
const BUDGET = 'functions/control/adapters/tables/table-budget.test.ts';
const ACTIONS = 'functions/workers/kit/call-actions.test.ts';
const WEBHOOK = 'functions/workers/kit/webhook.test.ts';
const RESIDENT = 'functions/workers/hosts/resident/resident.test.ts';
const RESIDENT_CALL = 'functions/workers/hosts/resident/resident-call.test.ts';
const RELAY = 'relay/relay.test.ts';
const ADMISSION = 'relay/serve/admission.test.ts';
const HANDOVERS = 'relay/handover/handovers.test.ts';
const LANE = 'relay/lane/lane.test.ts';
const DELIVERY = 'relay/lane/resident-delivery.test.ts';
const LANE_ON_WEB_PUBSUB = 'relay/web-pubsub/web-pubsub-lane.test.ts';
const ACS_TOKEN = 'shared/wire/acs/acs-token.test.ts';
const TICKET = 'shared/wire/signed/ticket.test.ts';
const CONFIG = 'shared/settings/config.test.ts';
const SECURITY = 'scenarios/security.test.ts';

/** Each sentence and each row of `docs/access.md`, by a part that no other one has, in the order of the document. */
export const ENTRIES: readonly Entry[] = [
  ['[The threat model]', 'explanation'],
  ['names its test in', 'explanation'],
  ['in one place', [DOORS, 'a door is opened by its own kind of token']],
  [
    'checks the proof and the rate before it reads the body',
    [DOORS, 'no body is read before the door is open'],
  ],
  [
    '| operator, script |',
    [ACCESS, 'whoever had a key that the host has checked may do everything'],
    [ACCESS, 'what was said on a call is open to the role for it alone'],
    ['local/emulators/functions-host/http/http.test.ts', 'a function of level "function" answers'],
  ],
  ['| user or program of your tenant |', [ACCESS, 'who may read may not act, and who may act may read']],
  [
    '| worker on a call |',
    [ACCESS, 'everything about that call is open, and nothing about another'],
    [ACCESS, 'a worker that only listens reads everything and changes nothing'],
  ],
  ['| Azure Communication Services |', [DOORS, 'a callback'], [SECURITY, 'a callback without a token']],
  [
    '| relay | a proof',
    [DOORS, 'the restart of a stream'],
    [DOORS, 'the end of an idle call'],
    [DOORS, 'the report that a stream is over'],
    [DOORS, 'the report that a stream is given up'],
    [DOORS, 'the texts of workers'],
    [DOORS, 'a handover to be stored'],
    ['functions/control/triggers/end-idle-call.test.ts', 'goes on where its route does not say how long'],
    ['shared/wire/signed/relay-proof.test.ts', 'proves for a minute that a relay speaks for its call'],
    ['shared/wire/signed/relay-proof.test.ts', 'for another action'],
  ],
  ['| Event Grid |', [SECURITY, 'an Event Grid delivery without the key of the trigger']],
  [
    '| Web PubSub | the id',
    [WEBHOOK, 'believes a request signed with'],
    [WEBHOOK, 'refuses a request with'],
    [SECURITY, 'an event without a signature of Web PubSub, or with a wrong one'],
  ],
  ['| monitoring |', [DOORS, 'the metrics of a relay'], [DOORS, 'the reports of a relay']],
  [
    '| anybody | nothing',
    [ACCESS, 'everybody may read its description'],
    [RELAY, 'is live always, and ready while a further call would be taken'],
  ],
  [
    'read whole telephone numbers through the API',
    [ACCESS, 'only who may change the call gets whole ids'],
    ['functions/control/api/operations.test.ts', 'by the last four characters of their ids'],
    ['functions/control/api/calls-api.test.ts', 'lists those that have not ended, without whole numbers'],
  ],
  ['No address of the API holds a number', [OPERATIONS, 'name nobody in their path, which is logged']],
  [
    'A relay without `RELAY_ADMIN_TOKEN`',
    [RELAY, 'has no reports when there is no admin token'],
    [RELAY, 'it answers for its metrics with'],
  ],
  ['No other header proves anything', [ACCESS, 'headers that anybody can write prove nothing']],
  ['gets 401, one without permission 403', [DOORS, '$name: $opens'], [HOSTILE, '$what: $status']],
  [
    'Neither changes a row',
    [HOSTILE, 'a hostile request is refused and changes nothing'],
    [SETTINGS, 'are no business of a caller who has proved nothing'],
  ],
  [
    'reads them once',
    [SETTINGS, 'are no business of a caller who has proved nothing'],
    [SETTINGS, 'are read once, since they stay as they are'],
    [REGISTER_WORKERS, 'reads wrong settings once and logs them once'],
  ],
  ['and nothing else of an event', 'explanation'],
  ['who sees one signature', 'explanation'],
  ['Keep `ce-signature`', 'instruction'],
  ['with the same keys', 'explanation'],
  ['tokens of five minutes', 'explanation'],
  ['(`iat` to `exp`)', [ACS_TOKEN, 'for media sockets takes a token of a day'], [DOORS, 'a callback']],
  ['The token of a media socket reports no event', [DOORS, 'a callback']],
  [
    'The token of a callback names no call',
    [HOSTILE, 'leaves a call alone whose connection it is not about'],
  ],
  ['URLs end up in logs', 'explanation'],
  [
    'Its ticket opens the media stream',
    [DOORS, 'a media stream, in the URL'],
    [TICKET, 'is accepted until it expires'],
    [TICKET, 'is refused for another call'],
  ],
  ['Every other address refuses it', [DOORS, '$name: $opens']],
  ['It is sealed:', [TICKET, 'shows nothing of its call to somebody without the key']],
  ['A media stream needs a token of ACS', [ADMISSION, 'must be there and be valid where it is required']],
  [
    'With `accept` or `off`',
    [ADMISSION, 'may be missing where it is accepted, but not be wrong'],
    [ADMISSION, 'is not looked at where it is off'],
  ],
  [
    'refuses a further stream of a call that has ended',
    [
      'relay/serve/upgrade-handler.test.ts',
      'for a call that the control app knows to be over is refused with 410',
    ],
  ],
  ['older than a second', [HANDOVERS, 'is not asked for when the call has just been answered']],
  [
    'the relay takes the stream',
    [HANDOVERS, 'is what this relay knows when the control app does not answer'],
  ],
  [
    'refuses another connection of ACS',
    [ADMISSION, 'with 409 for another connection than the one that streams'],
  ],
  [
    'takes the workers over',
    ['relay/session/session-handover.test.ts', 'has the workers that were on the call, on their lanes'],
  ],
  [
    'opens one of the six addresses above',
    [DOORS, '$name: $opens'],
    [DOORS, 'a handover to be read'],
    [DOORS, 'no other call is opened by any'],
  ],
  ['may be sent again until it expires', [REPORTS, 'is told at a rate, for each call and report apart']],
  ['takes 20 requests of relays a minute', [REPORTS, 'is told at a rate, for each call and report apart']],
  [
    'restarts the streaming of a call',
    [RESTART, 'so soon after the last time, and after three times in a minute'],
  ],
  [
    'stores a handover only if',
    [HANDOVER, 'is not replaced by something that the next relay could not use'],
    [HANDOVER, 'is not replaced by something older'],
  ],
  ['is open to the role `Calls.Listen` alone', [ACCESS, 'open to the role for it alone, which no other']],
  ['nor the token of a worker includes it', [ACCESS, 'open to the role for it alone, which no other']],
  [
    'has it only where the setting',
    [ACCESS, 'open to the role for it alone, which no other'],
    [SETTINGS, 'and do not open what was said on calls unless'],
  ],
  ['other callers get the timeline without them', [NOTES, 'are read by callers who may listen, and by no']],
  ['whatever a relay sends', [NOTES, 'are stored nowhere unless the route says so, whatever a relay sends']],
  ['trust the authors of workers', 'instruction'],
  [
    'refuses a request without a key',
    [SECURITY, 'every HTTP function without its key, and with a wrong one'],
  ],
  [
    'The setting `API_AUTH` chooses',
    [REGISTER, 'demands no key of the host where tokens of Entra ID are asked for'],
  ],
  ['Where keys protect the API', [ACCESS, 'nothing is open where function keys protect the API']],
  ['count as one caller', [ACCESS, 'is limited for each caller, and for reading and acting apart']],
  ['To use Entra ID:', 'instruction'],
  ['Register an application', 'instruction'],
  ['Under *App roles*', 'instruction'],
  ['Who listens needs', [ACCESS, 'open to the role for it alone, which no other']],
  ['Under *Enterprise applications*', 'instruction'],
  ['Set `API_AUTH=entra`', 'instruction'],
  [
    'accepts tokens of both versions',
    [ENTRA, 'may be of version 1'],
    [ENTRA, 'is refused as %s with the claims %j'],
    [ENTRA, 'is refused without a signature, and with one by the public key'],
  ],
  ['Keys are kept for ten minutes', [ACS_TOKEN, 'fetches the keys once for many tokens']],
  [
    'A token with an unknown key',
    [ENTRA, 'has the keys fetched again, but not again and again'],
    [ACS_TOKEN, 'and not again for each unknown key'],
  ],
  [
    'tries at most every five seconds',
    [ACS_TOKEN, 'refuses everything while the keys cannot be had, asks every five seconds'],
    [ENTRA, 'proves nothing while the keys cannot be had'],
  ],
  ['ID tokens are refused', [ENTRA, 'not an access token']],
  [
    'Clocks may differ by five minutes',
    [ENTRA, 'is accepted when by this clock it %s less than five minutes'],
    [ENTRA, 'is refused as %s with the claims %j'],
  ],
  [
    'The relay signs a token for each worker',
    [TICKET, 'is a token of that call for each of them, by the key of the ticket'],
    ['relay/session/call-started.test.ts', 'has the token of this worker'],
  ],
  ['attached later gets its own', ['relay/workers/workers-that-come-and-go.test.ts', 'are told of the call']],
  [
    'The worker kit keeps the token',
    [ACTIONS, 'is asked of Azure Communication Services'],
    [ACTIONS, 'is hanging up'],
  ],
  [
    'No URL contains it',
    [ACTIONS, 'and the token where it was, in no address'],
    [REGISTER, 'gives each function its trigger, route, method and protection'],
  ],
  [
    'It expires with the ticket',
    ['shared/wire/signed/call-token.test.ts', 'is refused once the call must be over'],
  ],
  [
    'The token names the call and the worker',
    ['shared/wire/signed/call-token.test.ts', 'tells the call and the worker'],
  ],
  ["The call's row says what it opens", [ACCESS, 'a call of which nothing is stored is not found']],
  ['| is on the call and may speak |', [ACCESS, 'everything about that call is open']],
  ['| is on the call and only listens', [ACCESS, 'reads everything and changes nothing, and is told why']],
  [
    '| was detached, or was never',
    [ACCESS, 'a worker that is not on the call, or not any more, has nothing open'],
  ],
  ['| is attached again', [ACCESS, 'a worker that joins again has its access again, as it joins now']],
  [
    '| is on a call that has ended |',
    [ACCESS, 'nothing can be read once the call has ended'],
    ['functions/control/api/operations.test.ts', 'are refused before the call is connected, after its end'],
  ],
  [
    'The row changes before the relay',
    [WORKERS, 'from before the relay knows them until before it lets them go'],
  ],
  ['can use its token at once', [WORKERS, 'from before the relay knows them until before it lets them go']],
  [
    'looks at the row once the body of the request is there',
    [WORKERS, 'when they are detached before their request is whole'],
  ],
  [
    'the app looks again',
    [WORKERS, 'when they are detached between two attempts to store it'],
    [WORKERS, 'and not when it is recorded what was done'],
  ],
  ['costs no extra read', [WORKERS, 'cost no reading of the call beside the one of their request']],
  ['learns that it has', [CALL_REQUESTS, 'is allowed to a worker that it takes off the call']],
  ['may still go out', [WORKERS, 'may pass the detachment of its sender']],
  [
    'in the state of its lane',
    [ACTIONS, 'leaves its number in the state of the lane'],
    [WEBHOOK, 'carries the state of the lane from one response to the next request'],
  ],
  ['Web PubSub can read it', 'explanation'],
  ['A holder of the ticket key', 'explanation'],
  [
    'with a published `RELAY_TICKET_KEY`',
    ['shared/settings/secrets.test.ts', 'keeps a control app from starting'],
    ['shared/settings/secrets.test.ts', 'keeps a relay from starting'],
    ['shared/settings/secrets.test.ts', 'is accepted where every address is on this machine'],
    [SETTINGS, 'are a problem with every sentence for HTTP'],
  ],
  ['hold the access key of Web PubSub', 'explanation'],
  ['Trust a worker app', 'instruction'],
  ['need a resource each', 'instruction'],
  ['| can hear |', [RESIDENT, 'goes on with the next stream of its call, and a stranger in its group']],
  ['| can read |', [DELIVERY, 'asks in the group, and goes on with the replica that has the call']],
  [
    '| can speak |',
    [LANE_ON_WEB_PUBSUB, 'plays what a worker publishes in the group of the call, at any time'],
  ],
  [
    '| can interrupt |',
    [LANE_ON_WEB_PUBSUB, 'somebody with the key of the hub closes it through the REST API'],
    [
      'functions/workers/hosts/functions/handler-listener.test.ts',
      'hears what the lane of the relay tells a handler',
    ],
  ],
  ['| can take over |', [RESIDENT_CALL, 'keeps nothing of a call that another replica has taken']],
  ['| can deceive | a resident worker', [RESIDENT_CALL, 'acts with the token of the event at its webhook']],
  [
    '| can deceive | a worker app',
    [WEBHOOK, 'believes a request signed with'],
    [
      'functions/workers/kit/lane-event-state.test.ts',
      'stays with its control app when a later call.started names',
    ],
  ],
  [
    '| cannot | act on a call',
    [DELIVERY, 'shows no token in the group, and hands it out in the event'],
    [RESIDENT, 'a stranger in its group gets no token'],
  ],
  [
    '| cannot | attach or detach',
    ['relay/workers/control-inbox.test.ts', 'is ignored when it is not ours, and the next one is taken'],
    [DOORS, 'a message in the control group of a call'],
  ],
  ['| cannot | read the audio', [LANE, 'sends a chunk as soon as it is long enough, in an event']],
  ['to the address that `call.started` names', [ACTIONS, 'is asked of Azure Communication Services']],
  [
    'Set `CONTROL_URLS` at worker',
    [ACTIONS, 'goes to a control app that is allowed, and to no other'],
    [CONFIG, 'are those that are set, by scheme, host and port'],
  ],
  [
    'Unset, they send it to any `https` address',
    [CONFIG, 'are all with https where none is set, but none on the own machine'],
    [CONFIG, 'are all on a machine that has its Web PubSub itself'],
  ],
  ['The log of an app without the setting', [REGISTER_WORKERS, 'advises once to name the control apps']],
  [
    'A connection that somebody closes comes back',
    [LANE_ON_WEB_PUBSUB, 'comes back each time when somebody with the key of the hub closes it'],
    [RESIDENT, 'is back on its call each time when somebody with the key of the hub closes'],
  ],
  [
    'connect again within 200 ms',
    ['relay/lane/lane-back-off.test.ts', 'the relay opens a lane again at times that follow its clock'],
    ['functions/workers/hosts/resident/resident-connection.test.ts', 'joins again, with another token'],
    ['shared/base/back-off.test.ts', 'double up to the longest'],
  ],
  ['A relay tries up to', [LANE, 'tries again with growing waits, a bounded number of times']],
  [
    'A resident worker tries until',
    [RESIDENT_CALL, 'is over when it has heard nothing for a minute'],
    ['functions/workers/hosts/resident/resident-connection.test.ts', 'tries again while it is refused'],
  ],
  ['gives the call to any replica', [DELIVERY, 'tells of the call again when nobody has said for a while']],
  [
    'A function worker gets `call.started` again',
    [LANE, 'opens another after a loss and begins with the call again'],
  ],
  [
    'Audio beyond `MAX_BACKLOG_MS`',
    [LANE, 'says on another lane that audio was lost when too much waited for it'],
  ],
  ['Each caller may send', [ACCESS, 'is limited for each caller, and for reading and acting apart']],
  ['Further requests get 429', [ACCESS, 'is told by Retry-After, in seconds']],
  ['A request without the right', [ACCESS, 'costs nothing where the caller has no right']],
  ['counts for itself', [ACCESS, 'is limited for each worker of a call, and by each instance for itself']],
  ['Each worker of a call is a caller', [ACCESS, 'is limited for each worker of a call']],
  ['are not a quota', 'explanation'],
  [
    'most recent callers',
    [
      'functions/control/access/rate-limiter.test.ts',
      'remembers no more callers than it may, those that asked last',
    ],
  ],
  [
    'Each instance streams at most',
    [
      'functions/control/api/timeline-stream.test.ts',
      'is refused to a caller who has four, and to nobody else',
    ],
    ['functions/control/api/timeline-stream.test.ts', 'leaves half of the places to others than workers'],
    ['functions/control/api/timeline-stream.test.ts', 'and while there are too many'],
  ],
  [
    'by default the API may call nobody',
    [OUTBOUND, 'is nobody by default'],
    [SETTINGS, 'and allow no calls unless'],
  ],
  [
    '`OUTBOUND_ALLOWED` lists',
    [OUTBOUND, 'is %s by all three ways or by none'],
    ['functions/control/access/outbound-destinations.test.ts', 'have patterns of these forms alone'],
  ],
  ['Others get 403', [OUTBOUND, 'is nobody whom the settings do not name']],
  [
    '`OUTBOUND_CALLS_PER_HOUR` limits',
    [OUTBOUND, 'counts placed calls and people who are handed over or added by telephone together'],
    [OUTBOUND, 'counts users of apps like telephones'],
    ['functions/control/call/hourly-budget.test.ts', 'is never exceeded in any span of an hour'],
    [BUDGET, 'although two instances spend at once'],
  ],
  ['Further ones get 429', [OUTBOUND, 'counts placed calls and people who are handed over or added']],
  [
    'The app counts in table storage',
    [OUTBOUND, 'leaves nothing pending on a call where the budget was spent'],
  ],
  [
    'If it cannot count',
    [BUDGET, 'spends nothing where that cannot be counted'],
    ['functions/control/api/calls-api.test.ts', 'answer 503 while storage is away'],
  ],
  [
    'It counts a request once',
    [OUTBOUND, 'does not count what is refused for another reason'],
    [OUTBOUND, 'counts one of many transfers of a call at once, since the others are refused'],
  ],
  [
    'certainly not done is given back',
    [OUTBOUND, 'costs nothing where %s: %j, given back is %s'],
    [OUTBOUND, 'is given back once, where its Idempotency-Key brings the refusal again'],
    [BUDGET, 'takes back each one that led to nothing once'],
    [BUDGET, 'takes back once what storage has taken back without saying so'],
  ],
  [
    'at most a tenth of',
    [OUTBOUND, 'is a tenth of the budget in an hour, however many ask at once'],
    [OUTBOUND, 'leaves the budget to others, however often a worker asks for what is refused'],
  ],
  [
    'cannot carry more than it seems to',
    ['shared/wire/call/passed-on-schema.test.ts', 'holds no control character'],
    ['shared/wire/call/passed-on-schema.test.ts', 'an address that ACS opens'],
  ],
  [
    'Calls that routes redirect',
    [
      'functions/control/triggers/incoming-call.test.ts',
      'is redirected where its route says so, once, whatever the API may call',
    ],
  ],
];
