import { z } from 'zod';
import { person, personName } from '../../domain/people/person.ts';
import { command } from '../../engine/command.ts';

/** Says which address a person has, once, and what they are called, if they said so. */
export const describePerson = command(person)({
  name: 'DescribePerson',
  input: z.object({ personId: z.string(), addressId: z.string(), name: personName.optional() }),
  id: ({ personId }) => personId,
  decide: (state, { addressId, name }, { now }) => [
    ...(state.addressId === undefined
      ? [{ type: 'PersonAdded' as const, data: { addressId, at: now.toISOString() } }]
      : []),
    ...(name !== undefined && name !== state.name ? [{ type: 'PersonNamed' as const, data: { name } }] : []),
  ],
});
