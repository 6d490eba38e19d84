import { GROUP_NAME_MAX_LENGTH } from '../base/limits.ts';

/** The hub name rule of the REST interface, as the SDK states it. */
const HUB_NAME = /^[A-Za-z][A-Za-z0-9_`,.[\]]{0,127}$/;
const ONLY_WHITE_SPACE = /^\s+$/;

export function isHubName(name: string): boolean {
  return HUB_NAME.test(name);
}

/** Group names are case-sensitive, 1 to 1024 characters, not only white space (SDK constraint). */
export function isGroupName(name: string): boolean {
  return name.length >= 1 && name.length <= GROUP_NAME_MAX_LENGTH && !ONLY_WHITE_SPACE.test(name);
}

/** Microsoft's emulator, whose test calls the bound of 128 characters that of production. */
const EVENT_NAME = /^[a-z][a-z0-9_.-]{0,127}$/i;

export function isEventName(name: string): boolean {
  return EVENT_NAME.test(name);
}

/** Hub names are compared without regard to case; this is the form the emulator keeps. */
export function hubKey(name: string): string {
  return name.toLowerCase();
}
