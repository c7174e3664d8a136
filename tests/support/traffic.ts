import fc from 'fast-check';
import type { Capture } from '../../src/flows/capture-groups.ts';
import type { Activity } from '../../src/domain/lead/activity.ts';
import type { Identifier } from '../../src/domain/identity/identity.ts';
import { identifierKey, identifierKinds } from '../../src/domain/identity/identity.ts';
import { activities } from './arbitraries.ts';
import { anonymousId, email, userId } from './facts.ts';

/** Four people with five identifiers each; what is captured never names two people at once. */
const people: readonly (readonly Identifier[])[] = [0, 1, 2, 3].map((n) => [
  ...[userId(`u${n}`), email(`a${n}@example.com`), email(`b${n}@example.com`)],
  ...[anonymousId(`a${n}`), anonymousId(`b${n}`)],
]);

/** All identifiers that may be in the traffic, in the order of their keys. */
export const everyone: readonly Identifier[] = people
  .flat()
  .sort((a, b) => (identifierKey(a) < identifierKey(b) ? -1 : 1));

const strength = ({ kind }: Identifier): number => identifierKinds.indexOf(kind);

/** An activity by one of the people, known by up to three of the person's identifiers, one of a kind at most. */
const captureOf = (activity: Activity): fc.Arbitrary<Capture> =>
  fc
    .constantFrom(...people)
    .chain((person) => fc.subarray([...person], { minLength: 1, maxLength: 3 }))
    .map((some) => some.filter(({ kind }, at) => some.findIndex((other) => other.kind === kind) === at))
    .map(([first = userId(), ...rest]) => [first, ...rest].toSorted((a, b) => strength(a) - strength(b)))
    .map(([first = userId(), ...rest]) => ({ identifiers: [first, ...rest], activity, exactTime: true }));

/** Batches of captures, many of them of one activity and one person. */
export const batches = (most: number): fc.Arbitrary<readonly (readonly Capture[])[]> =>
  activities(8)
    .filter((pool) => pool.length > 0)
    .chain((pool) => {
      const one = fc.constantFrom(...pool).chain(captureOf);
      return fc.array(fc.array(one, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: most });
    });
