import { describe, it } from 'vitest';
import { issueKey } from '../../../src/commands/projects/issue-key.ts';
import { revokeKey } from '../../../src/commands/projects/revoke-key.ts';
import { keyIssued, keyRevoked, projectCreated, projectId } from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const issuing = { projectId, ...keyIssued().data };
const revoking = { projectId, keyId: 'k1' };

describe('Issuing a key', () => {
  it('records its hash and what it allows', () => {
    given(projectCreated()).when(issueKey, issuing).then(keyIssued());
  });

  it('of the same id again changes nothing', () => {
    given(projectCreated(), keyIssued()).when(issueKey, issuing).then();
  });

  it('is rejected where there is no project', () => {
    given().when(issueKey, issuing).rejects('project-unknown');
  });
});

describe('Revoking a key', () => {
  it('takes it back', () => {
    given(projectCreated(), keyIssued()).when(revokeKey, revoking).then(keyRevoked());
  });

  it('is rejected for a key that is not there, or not any more', () => {
    given(projectCreated()).when(revokeKey, revoking).rejects('key-unknown');
    given(projectCreated(), keyIssued(), keyRevoked()).when(revokeKey, revoking).rejects('key-unknown');
  });
});
