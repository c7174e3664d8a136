import { describePerson } from '../commands/people/describe-person.ts';
import { address } from '../domain/people/address.ts';
import { idOfStream, streamsOf } from '../domain/streams.ts';
import { intent } from '../flows/intent.ts';
import type { Fact, Reactor, ReactorContext } from './reactor.ts';
import { byState } from './reactor.ts';

const describe = ({ stream, data }: Fact<'AddressTaken' | 'AddressVerified'>, context: ReactorContext) => {
  const addressId = idOfStream('address', stream);
  if (addressId === undefined) return [];
  const name = 'name' in data ? data.name : undefined;
  return byState(context, address, addressId, ({ personId }) =>
    personId === undefined
      ? []
      : [intent(describePerson, { personId, addressId, ...(name !== undefined && { name }) })],
  );
};

/** Says of whoever has an address that they are there, also when the process died before it said so. */
export const describePeople: Reactor = {
  name: 'describe-people',
  streams: [streamsOf('address')],
  on: { AddressTaken: describe, AddressVerified: describe },
};
