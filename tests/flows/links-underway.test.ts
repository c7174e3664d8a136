import { describe, expect, it } from 'vitest';
import { linksUnderway } from '../../src/flows/links-underway.ts';
import { identifierKey } from '../../src/domain/identity/identity.ts';
import type { LeadState } from '../../src/domain/lead/lead.ts';
import { lead } from '../../src/domain/lead/lead.ts';
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
    const end = links.beginMerge('younger', 'lead', { identifiers: [c], leads: 4 });
    expect(links.to('lead')).toEqual({ identifiers: 3, emails: 0, leads: 4 });
    links.end(one);
    expect(links.to('lead')).toEqual({ identifiers: 1, emails: 0, leads: 4 });
    end(false);
    expect(links.to('lead')).toEqual({ identifiers: 0, emails: 0, leads: 0 });
  });

  it('is counted once when several link it at once', () => {
    const links = linksUnderway();
    const one = links.begin('lead', [a, b]);
    const other = links.begin('lead', [a, 'email:e']);
    expect(links.to('lead')).toEqual({ identifiers: 3, emails: 1, leads: 0 });
    links.end(one);
    expect(links.to('lead')).toEqual({ identifiers: 2, emails: 1, leads: 0 });
    links.end(other);
    expect(links.to('lead')).toEqual({ identifiers: 0, emails: 0, leads: 0 });
  });

  it('is not counted once more when the lead has noted it, whoever had it do so', () => {
    const links = linksUnderway();
    links.begin('lead', [a, b]);
    expect(links.to('lead', notedOf())).toEqual({ identifiers: 2, emails: 0, leads: 0 });
    expect(links.to('lead', notedOf('a'))).toEqual({ identifiers: 1, emails: 0, leads: 0 });
    links.begin('lead', [c]);
    expect(links.to('lead', notedOf('a', 'b'))).toEqual({ identifiers: 1, emails: 0, leads: 0 });
  });

  it('is on its way to the lead too that this one is merged into: from before, and meanwhile', () => {
    const links = linksUnderway();
    const before = links.begin('younger', [a]);
    const end = links.beginMerge('younger', 'older', { identifiers: [], leads: 1 });
    const meanwhile = links.begin('younger', [b]);
    expect([links.to('younger').identifiers, links.to('older').identifiers]).toEqual([2, 2]);
    // The younger one has it, and the older one will.
    expect(links.to('younger', notedOf('a')).identifiers).toBe(1);
    links.end(before);
    expect(links.to('older').identifiers).toBe(2);
    end(false);
    expect(links.to('older').identifiers).toBe(1);
    links.end(meanwhile);
    expect([links.to('younger'), links.to('older')]).toEqual(Array(2).fill({ identifiers: 0, emails: 0, leads: 0 }));
  });

  it('stays on its way when a merge is left to others, until the lead has noted all of it', () => {
    const links = linksUnderway();
    links.beginMerge('younger', 'older', { identifiers: [a, b], leads: 1 })(true);
    expect(links.to('older', notedOf('a'))).toEqual({ identifiers: 1, emails: 0, leads: 1 });
    expect(links.to('older', notedOf('a', 'b'))).toEqual({ identifiers: 0, emails: 0, leads: 0 });
  });
});
