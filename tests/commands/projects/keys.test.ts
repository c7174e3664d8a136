import { describe, it } from 'vitest';
import { issueKey } from '../../../src/commands/projects/issue-key.ts';
import { removeKeySecret } from '../../../src/commands/projects/remove-key-secret.ts';
import { revokeKey } from '../../../src/commands/projects/revoke-key.ts';
import { rotateKey } from '../../../src/commands/projects/rotate-key.ts';
import { mostSecrets } from '../../../src/domain/sources/secrets.ts';
import {
  at,
  keyIssued,
  keyRevoked,
  keyRotated,
  keySecretRemoved,
  projectCreated,
  projectId,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const issuing = { projectId, ...keyIssued().data };
const revoking = { projectId, keyId: 'k1' };

describe('Issuing a key', () => {
  it('records its hash and what it allows', () => {
    given(projectCreated())
      .when(issueKey, issuing)
      .then(keyIssued({ issuedAt: at }));
  });

  it('of the same id again changes nothing', () => {
    given(projectCreated(), keyIssued()).when(issueKey, issuing).then();
  });

  it('is rejected where there is no project', () => {
    given().when(issueKey, issuing).rejects('project-unknown');
  });
});

const { at: _, formerUntil: __, ...rotation } = keyRotated().data;
const rotating = { projectId, ...rotation, overlapHours: 24 };

describe('Rotating a key', () => {
  it('records the hash of another value, and until when the former one is valid', () => {
    given(projectCreated(), keyIssued()).when(rotateKey, rotating).then(keyRotated());
  });

  it('of the same id again changes nothing', () => {
    given(projectCreated(), keyIssued(), keyRotated()).when(rotateKey, rotating).then();
  });

  it('is rejected for a key that is not there, and when too many values are valid', () => {
    given(projectCreated()).when(rotateKey, rotating).rejects('key-unknown');
    const many = Array.from({ length: mostSecrets }, (__, count) => keyRotated({ secretId: `s${count + 10}` }));
    given(projectCreated(), keyIssued(), ...many)
      .when(rotateKey, rotating)
      .rejects('secrets-full');
  });

  it('leaves a former value to be taken away', () => {
    const former = { projectId, ...keySecretRemoved().data };
    given(projectCreated(), keyIssued(), keyRotated()).when(removeKeySecret, former).then(keySecretRemoved());
    const current = { ...former, secretId: 's2' };
    given(projectCreated(), keyIssued(), keyRotated()).when(removeKeySecret, current).rejects('secret-current');
    given(projectCreated(), keyIssued()).when(removeKeySecret, former).rejects('secret-current');
    given(projectCreated(), keyIssued(), keyRotated(), keySecretRemoved())
      .when(removeKeySecret, former)
      .rejects('secret-unknown');
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
