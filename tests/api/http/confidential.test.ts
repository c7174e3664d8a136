import { describe, expect, it } from 'vitest';
import type { Caller } from '../../../src/api/http/caller.ts';
import { nobody } from '../../../src/api/http/caller.ts';
import { factFor, isRoot } from '../../../src/api/http/confidential.ts';
import { permissionsOfRoot, permissionsOfScope } from '../../../src/domain/people/permissions.ts';
import { recordedView } from '../../../src/queries/recorded.ts';
import { jobClaimed, jobFailed, workParked } from '../../support/facts.ts';

const root: Caller = { ...nobody, projectId: 'acme', permissions: permissionsOfRoot };
const ofProject: Caller = { ...nobody, projectId: 'acme', permissions: permissionsOfScope.admin };

const recorded = (event: { readonly type: string; readonly data: unknown }) =>
  recordedView({
    ...event,
    id: 'f1',
    stream: 'job-acme.1',
    revision: 0,
    position: 7,
    recordedAt: new Date(0),
    metadata: { commandId: 'x', correlationId: 'x', causationId: 'x' },
  });

describe('What the root key only is told', () => {
  it('goes by what is allowed, not by the project that it names', () => {
    expect([isRoot(root), isRoot(ofProject)]).toEqual([true, false]);
  });

  it.each([
    ['who has a job', jobClaimed(), ['holder'], []],
    ['why a job failed', jobFailed(), [], ['error']],
    ['why work was put aside', workParked(), [], ['error']],
    [
      'how far a job is in the log',
      { type: 'JobProgressed', data: { cursor: 'leads 17 2000', done: 3, total: 9 } },
      ['cursor'],
      [],
    ],
  ] as const)('is %s: of the fact all else is told to a key of a project', (_, event, gone, replaced) => {
    const fact = recorded(event);
    expect(factFor(root, fact)).toEqual(fact);
    const told = new Map(Object.entries(factFor(ofProject, fact).data as object));
    for (const [name, value] of Object.entries(event.data)) {
      const expected = (replaced as readonly string[]).includes(name)
        ? expect.stringContaining('root key only')
        : value;
      expect(told.get(name)).toEqual((gone as readonly string[]).includes(name) ? undefined : expected);
    }
  });

  it('is nothing of other facts, whatever their fields are called', () => {
    const fact = recorded({ type: 'ActivityRecorded', data: { error: 'x', cursor: 'y', holder: 'z' } });
    expect(factFor(ofProject, fact)).toEqual(fact);
  });
});
