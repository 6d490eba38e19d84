import { ApiError, badRequest } from '../http/api-error.ts';
import type { HttpResult } from '../http/request.ts';
import { isGroupName } from '../hub/names.ts';
import { integerParameter, parameter, type RestCall } from './call.ts';

const DEFAULT_MINUTES = 60;
/** A year; the service documents no upper bound. */
const MAX_MINUTES = 365 * 24 * 60;

/** Issues a client token, as `getClientAccessToken` asks for when the caller has an identity instead of a key. */
export async function generateClientToken(call: RestCall): Promise<HttpResult> {
  const { searchParams, origin } = call.url;
  const clientType = (searchParams.get('clientType') ?? 'Default').toLowerCase();
  if (clientType === 'mqtt')
    throw new ApiError(501, 'NotSupported', 'Not supported by this emulator: MQTT clients.', 'clientType');
  if (clientType !== 'default') throw badRequest("'clientType' must be Default or MQTT.", 'clientType');
  const groups = searchParams.getAll('group');
  if (!groups.every(isGroupName))
    throw badRequest("'group' has a name that breaks the naming rule.", 'group');
  const userId = searchParams.get('userId');
  const token = await call.options.tokens.issueClient({
    audience: `${origin}/client/hubs/${parameter(call, 'hub')}`,
    roles: searchParams.getAll('role'),
    groups,
    minutesToExpire: integerParameter(call, 'minutesToExpire', 1, MAX_MINUTES) ?? DEFAULT_MINUTES,
    ...(userId === null ? {} : { userId }),
  });
  return { status: 200, body: { token } };
}
