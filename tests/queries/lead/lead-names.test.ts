import { describe, expect, it } from 'vitest';
import { leadNames, nameOf } from '../../../src/queries/lead/lead-names.ts';
import type { JsonObject } from '../../../src/domain/lead/activity.ts';
import type { LeadDocument } from '../../../src/projections/leads.ts';
import { leads } from '../../../src/projections/leads.ts';
import { mergedLeads } from '../../../src/projections/merged-leads.ts';
import { openSqliteReadModels } from '../../../src/readmodels/sqlite/read-models.ts';

const email = { kind: 'email', value: 'ada@example.com' } as const;
const userId = { kind: 'userId', value: 'u1' } as const;
const cookie = { kind: 'anonymousId', value: 'c1' } as const;

describe('A lead is called', () => {
  it.each<[string | undefined, JsonObject, Pick<LeadDocument, 'identifiers'>['identifiers']]>([
    ['Ada Lovelace', { name: ' Ada Lovelace ', firstName: 'A' }, [email]],
    ['Ada Lovelace', { firstName: 'Ada', last_name: 'Lovelace' }, [email]],
    ['Lovelace', { name: '', lastName: 'Lovelace' }, [email]],
    ['ada@example.com', { name: 7, firstName: ['Ada'] }, [userId, email]],
    ['u1', {}, [cookie, userId]],
    [undefined, {}, [cookie]],
    ['x'.repeat(256), { name: 'x'.repeat(1_000) }, []],
  ])('%s', (name, profile, identifiers) => {
    expect(nameOf({ profile, identifiers })).toBe(name);
  });

  it('as its survivor is, in its own project, once it is merged', async () => {
    const readModels = openSqliteReadModels(':memory:');
    await readModels.prepare([leads, mergedLeads]);
    const [times, none] = [
      { firstSeenAt: '', lastActivityAt: '' },
      { score: 0, fit: 0, engagement: 0, model: 0 },
    ];
    const doc = (leadId: string, name: string): LeadDocument => ({
      leadId,
      profile: { name },
      identifiers: [],
      terms: [],
      sources: [],
      stage: 'cold',
      routing: 'none',
      ...times,
      ...none,
      qualified: 0,
      decision: 0,
      activities: 0,
      revision: 0,
    });
    const at = (project: string, id: string) => ({ project, id, position: 1 });
    await readModels.save(
      leads,
      [
        { ...at('p1', 'c'), doc: doc('c', 'Cyd') },
        { ...at('p2', 'a'), doc: doc('a', 'Other') },
      ],
      1,
    );
    const merged = [
      { ...at('p1', 'a'), doc: { into: 'b' } },
      { ...at('p1', 'b'), doc: { into: 'c' } },
      { ...at('p1', 'x'), doc: { into: 'x' } },
    ];
    await readModels.save(mergedLeads, merged, 1);
    const names = await leadNames({ readModels }, 'p1', ['a', 'c', 'a', 'gone', 'x']);
    expect(Object.fromEntries(names)).toEqual({ a: 'Cyd', c: 'Cyd' });
    await readModels.close();
  });
});
