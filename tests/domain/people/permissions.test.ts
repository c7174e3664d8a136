import { describe, expect, it } from 'vitest';
import type { Permissions } from '../../../src/domain/people/permissions.ts';
import {
  permissions,
  permissionsOfPerson,
  permissionsOfRole,
  permissionsOfRoot,
  permissionsOfScope,
  permissionsOfScopes,
  scopeFor,
  together,
} from '../../../src/domain/people/permissions.ts';
import { roles } from '../../../src/domain/people/roles.ts';

const covers = (own: Permissions, others: Permissions): boolean => [...others].every((each) => own.has(each));

describe('The table of permissions', () => {
  it('gives each role what it is for, and no more', () => {
    const more = (role: keyof typeof permissionsOfRole): readonly string[] => [...permissionsOfRole[role]].toSorted();
    expect(more('operator')).toEqual(['leads:read', 'leads:write']);
    expect(more('manager')).toEqual(['config:write', 'leads:read', 'leads:write', 'simulate']);
    expect(more('analyst')).toEqual(['leads:read', 'simulate']);
    expect(more('auditor')).toEqual(['audit:read', 'leads:read']);
  });

  it('has nobody but an admin see to keys, members and operations', () => {
    const guarded = ['keys', 'members', 'operations'] as const;
    const holders = roles.filter((role) => guarded.some((each) => permissionsOfRole[role].has(each)));
    expect(holders).toEqual(['admin']);
    expect(guarded.map(scopeFor)).toEqual(['admin', 'admin', 'admin']);
  });

  it('gives nobody but the root key what is about all projects, and all but a person’s own to it', () => {
    const others = [...Object.values(permissionsOfRole), ...Object.values(permissionsOfScope), permissionsOfPerson];
    expect(others.some((each) => each.has('service'))).toBe(false);
    const missing = Object.keys(permissions).filter((each) => ![...permissionsOfRoot].some((held) => held === each));
    expect(missing).toEqual(['account']);
  });

  it('has an admin, as a person or by a key, hold what anybody in the project holds', () => {
    const admin = together(permissionsOfRole.admin, permissionsOfPerson);
    for (const role of roles) expect(covers(admin, permissionsOfRole[role])).toBe(true);
    for (const each of Object.values(permissionsOfScope)) {
      expect(covers(admin, each)).toBe(true);
      expect(covers(permissionsOfScope.admin, each)).toBe(true);
    }
    expect(covers(permissionsOfRole.manager, permissionsOfRole.admin)).toBe(false);
    expect(covers(permissionsOfScopes(['leads:read', 'leads:write']), permissionsOfRole.operator)).toBe(true);
    expect(covers(permissionsOfScopes(['leads:read']), permissionsOfRole.operator)).toBe(false);
  });
});
