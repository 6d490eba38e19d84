import type { TokenCredential } from '@azure/identity';

let credential: Promise<TokenCredential> | undefined;

/**
 * The identity of this app for Azure services: its managed identity if the platform offers one (`AZURE_CLIENT_ID`
 * picks a user-assigned one), otherwise the developer's own login. The identity library is loaded on the first call.
 */
export function tokenCredential(env: Readonly<Record<string, string | undefined>>): Promise<TokenCredential> {
  credential ??= load(env).catch((error: unknown) => {
    credential = undefined;
    throw error;
  });
  return credential;
}

async function load(env: Readonly<Record<string, string | undefined>>): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  if (env['IDENTITY_ENDPOINT'] === undefined) return new DefaultAzureCredential();
  const clientId = env['AZURE_CLIENT_ID'];
  return clientId === undefined
    ? new ManagedIdentityCredential()
    : new ManagedIdentityCredential({ clientId });
}
