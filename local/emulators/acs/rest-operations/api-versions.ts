/** What an `api-version` knows. A client cannot read events that its version of the API does not have. */

/** `PlayStarted` came with 1.3 of the SDKs (their changelogs), which first sent 2024-06-15-preview. */
export function knowsPlayStarted(apiVersion: string): boolean {
  return dateOf(apiVersion) >= '2024-06-15';
}

/** The events of hold music, and what interrupts it, are in previews only. */
export function knowsHoldAudio(apiVersion: string): boolean {
  return apiVersion.endsWith('-preview') && dateOf(apiVersion) >= '2024-09-01';
}

/** Of something that is no version: that of the newest. */
function dateOf(apiVersion: string): string {
  return /^\d{4}-\d{2}-\d{2}/.exec(apiVersion)?.[0] ?? '9999-12-31';
}
