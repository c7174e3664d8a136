import { z } from 'zod';
import { emailAddress } from '../../domain/people/address.ts';
import { personName } from '../../domain/people/person.ts';
import type { PersonView } from '../../flows/people/people.ts';

/** The largest body of a request about an account, in bytes: anybody may send one. */
export const bodyLimit = 8 * 1024;

/** A password as somebody types it. How long one is that is chosen is said where it is. */
const password = z.string().min(1).max(1_024);

export const fields = {
  email: emailAddress,
  password: password.describe('8 to 256 characters, and none of the 10,000 that are used most'),
  name: personName,
  token: z.string().min(1).max(256).describe('As it is in the link, behind `#token=`'),
} as const;

export const personSchema = z.object({
  personId: z.string(),
  email: z.string(),
  name: z.string().optional(),
  verified: z.boolean(),
});

/** A person as they see themselves. */
export const personShown = ({ personId, email, name, verified }: PersonView): z.infer<typeof personSchema> => ({
  personId,
  email,
  ...(name !== undefined && { name }),
  verified,
});

/** What is answered where nobody may learn whether there is such an account. */
export const accepted = z.object({ status: z.literal('accepted') });
export const isAccepted = { status: 'accepted' } as const;
