import { describe, expect, it } from 'vitest';
import { linksUnderway } from '../../src/commands/underway.ts';
import { identifierKey } from '../../src/domain/identity.ts';
import type { LeadState } from '../../src/domain/lead.ts';
import { lead } from '../../src/domain/lead.ts';
import { anonymousId, idOf, leadCaptured, identifierAdded, userId } from '../support/facts.ts';

const [a, b, c] = ['a', 'b', 'c'].map((name) => identifierKey(anonymousId(name))) as [string, string, string];

/** What a lead has noted that was told of these devices. */
const notedOf = (...names: readonly string[]): LeadState['identifiers'] =>
  names
    .map((name) => identifierAdded({ identifier: anonymousId(name) }))
    .reduce(
      lead.evolve,
      lead.evolve(lead.initial, leadCaptured({ identifier: userId('u'), leadId: idOf(userId('u')) })),
    ).identifiers;

describe('What is being linked to a lead', () => {
  it('is counted until it is over', () => {
    const links = linksUnderway();
    const one = links.begin('lead', [a, b]);
    links.begin('other', [c]);
    const two = links.begin('lead', [c], 4);
    expect(links.to('lead')).toEqual({ identifiers: 3, leads: 4 });
    links.end(one);
    expect(links.to('lead')).toEqual({ identifiers: 1, leads: 4 });
    links.end(two);
    expect(links.to('lead')).toEqual({ identifiers: 0, leads: 0 });
  });

  it('is not counted once more when the lead has noted it, whoever had it do so', () => {
    const links = linksUnderway();
    links.begin('lead', [a, b]);
    expect(links.to('lead', notedOf())).toEqual({ identifiers: 2, leads: 0 });
    expect(links.to('lead', notedOf('a'))).toEqual({ identifiers: 1, leads: 0 });
    links.begin('lead', [c]);
    expect(links.to('lead', notedOf('a', 'b'))).toEqual({ identifiers: 1, leads: 0 });
  });

  it('comes to the lead that this one is merged into', () => {
    const links = linksUnderway();
    const one = links.begin('younger', [a]);
    links.begin('older', [b]);
    links.merged('younger', 'older');
    expect([links.to('younger').identifiers, links.to('older').identifiers]).toEqual([0, 2]);
    links.end(one);
    expect(links.to('older').identifiers).toBe(1);
  });
});
