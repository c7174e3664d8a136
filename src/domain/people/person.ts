import { z } from 'zod';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';
import { isoTime } from '../lead/activity.ts';

/** What a person may be called. */
export const personName = z.string().trim().min(1).max(128);

/** The facts of a person, `person-<personId>`. What belongs to the address is in the address's stream. Shapes are forever. */
export const personEvents = {
  PersonAdded: z
    .strictObject({ addressId: z.string(), at: isoTime })
    .describe('Somebody has an address here: they registered, or were invited.'),
  PersonNamed: z.strictObject({ name: z.string() }).describe('A person said what they are called.'),
} as const;
export type PersonEvent = EventsOf<typeof personEvents>;

/** Who a person is: nobody without an address. */
export type PersonState = { readonly addressId: string | undefined; readonly name: string | undefined };

const evolve = (state: PersonState, event: PersonEvent): PersonState => {
  switch (event.type) {
    case 'PersonAdded':
      return { ...state, addressId: state.addressId ?? event.data.addressId };
    case 'PersonNamed':
      return { ...state, name: event.data.name };
    default:
      return unchanged(state, event);
  }
};

export const person: Aggregate<PersonState, PersonEvent> = {
  name: 'person',
  initial: { addressId: undefined, name: undefined },
  evolve,
  measure: () => 700,
};
