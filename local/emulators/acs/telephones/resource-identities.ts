import type { IdentifierJson } from '../../event-grid/incoming-call.ts';
import { identifierOf, phoneNumberOf } from './identifiers.ts';

/** Numbers that are learned at most. */
const MAX_LEARNED = 1_000;

/**
 * Who belongs to the resource. Every user of its id does; of the numbers, those that its owner has named, those that
 * telephones have called, and those that the application has shown as its own: the service lets it show no others.
 */
export class ResourceIdentities {
  /** The application where it acts under no identity of its own, as recordings of the service show it. */
  readonly self: IdentifierJson;
  readonly #users: RegExp;
  readonly #numbers: Set<string>;

  /** @throws RangeError for a number that is not one in E.164 */
  constructor(resourceId: string, numbers: readonly string[] = []) {
    this.#users = new RegExp(`^8:(acs|gcch-acs|dod-acs|spool):${resourceId}_[0-9a-f-]+$`, 'i');
    for (const number of numbers)
      if (!number.startsWith('+') || identifierOf(number) === undefined)
        throw new RangeError(
          `a number of the resource (--number, ACS_NUMBERS) must be in E.164, such as +14255550123, not "${number}"`,
        );
    this.#numbers = new Set(numbers);
    const rawId = `8:acs:${resourceId}_00000000-0000-0000-0000-000000000000`;
    this.self = { kind: 'communicationUser', rawId, communicationUser: { id: rawId } };
  }

  owns(identifier: IdentifierJson): boolean {
    const number = phoneNumberOf(identifier);
    return number === undefined ? this.#users.test(identifier.rawId) : this.#numbers.has(number);
  }

  /** Nothing happens for an identifier that is no number. */
  learn(identifier: IdentifierJson): void {
    const number = phoneNumberOf(identifier);
    if (number?.startsWith('+') === true && this.#numbers.size < MAX_LEARNED) this.#numbers.add(number);
  }
}
