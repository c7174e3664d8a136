import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeSourceSecret } from '../../../src/commands/sources/remove-source-secret.ts';
import { rotateSourceSecret } from '../../../src/commands/sources/rotate-source-secret.ts';
import type { SecretEntry } from '../../../src/domain/sources/secrets.ts';
import { mostSecrets, secretStateOf, validSecrets, withRotated } from '../../../src/domain/sources/secrets.ts';
import { projectId, sourceAdded, sourceId, sourceSecretRemoved, sourceSecretRotated } from '../../support/facts.ts';
import { given } from '../../support/given.ts';
import { noon } from '../../support/noon.ts';

const rotating = { projectId, sourceId, secretId: 'sec2', overlapHours: 24 };
const removing = { projectId, sourceId, secretId: 'sec1' };
const hour = 3_600_000;
const after = (hours: number): string => new Date(noon.getTime() + hours * hour).toISOString();

describe('Rotating the secret of a source', () => {
  it('gives it another one, and the former one a while', () => {
    given(sourceAdded()).when(rotateSourceSecret, rotating).then(sourceSecretRotated());
    given(sourceAdded())
      .when(rotateSourceSecret, { ...rotating, overlapHours: 0 })
      .then(sourceSecretRotated({ formerUntil: after(0) }));
  });

  it('to the same one again changes nothing', () => {
    given(sourceAdded(), sourceSecretRotated()).when(rotateSourceSecret, rotating).then();
  });

  it('takes no overlap below 0 or above 720 hours', () => {
    for (const overlapHours of [-1, 721, 0.5])
      expect(rotateSourceSecret.input.safeParse({ ...rotating, overlapHours }).success).toBe(false);
  });

  it('is rejected where there is no source, and when too many secrets would be valid', () => {
    given().when(rotateSourceSecret, rotating).rejects('source-unknown');
    const many = Array.from({ length: mostSecrets - 1 }, (_, index) => sourceSecretRotated({ secretId: `r${index}` }));
    given(sourceAdded(), ...many)
      .when(rotateSourceSecret, rotating)
      .rejects('secrets-full');
    given(sourceAdded(), ...many)
      .when(rotateSourceSecret, rotating, { now: new Date(noon.getTime() + 25 * hour) })
      .then(sourceSecretRotated({ at: after(25), formerUntil: after(49) }));
  });
});

describe('Removing a secret of a source', () => {
  it('takes a former one', () => {
    given(sourceAdded(), sourceSecretRotated()).when(removeSourceSecret, removing).then(sourceSecretRemoved());
  });

  it('is rejected for the one in use, and for one that is not there', () => {
    given(sourceAdded()).when(removeSourceSecret, removing).rejects('secret-current');
    given(sourceAdded())
      .when(removeSourceSecret, { ...removing, secretId: 'x' })
      .rejects('secret-unknown');
    given(sourceAdded(), sourceSecretRotated(), sourceSecretRemoved())
      .when(removeSourceSecret, removing)
      .rejects('secret-unknown');
  });
});

describe('However often secrets are rotated', () => {
  const rotations = fc.array(fc.record({ wait: fc.nat({ max: 48 }), overlap: fc.nat({ max: 72 }) }), {
    maxLength: 120,
  });
  const rotate = (steps: readonly { readonly wait: number; readonly overlap: number }[]) => {
    let secrets: readonly SecretEntry[] = [{ secretId: 's', createdAt: after(0) }];
    let hours = 0;
    const history: (readonly [SecretEntry['secretId'], until: number])[] = [];
    for (const [index, { wait, overlap }] of steps.entries()) {
      hours += wait;
      history.push([secrets.at(-1)?.secretId ?? '', hours + overlap]);
      secrets = withRotated(secrets, { secretId: `s${index}`, at: after(hours), formerUntil: after(hours + overlap) });
    }
    return { secrets, hours, history };
  };

  it('one is in use, the newest, and each former one is valid for as long as it was promised', () => {
    fc.assert(
      fc.property(rotations, (steps) => {
        const { secrets, hours, history } = rotate(steps);
        const now = after(hours);
        expect(secrets.filter((each) => secretStateOf(each, now) === 'current')).toEqual([secrets.at(-1)]);
        const valid = validSecrets(secrets, now).map(({ secretId }) => secretId);
        expect(valid[0]).toBe(secrets.at(-1)?.secretId);
        const promised = history.filter(([, until]) => until > hours).map(([id]) => id);
        expect(new Set(valid.slice(1))).toEqual(new Set(promised));
      }),
    );
  });

  it('no more are remembered than may be valid, and those that are', () => {
    fc.assert(
      fc.property(rotations, (steps) => {
        const { secrets, hours } = rotate(steps);
        expect(secrets.length).toBeLessThanOrEqual(
          Math.max(mostSecrets, validSecrets(secrets, after(hours)).length + 1),
        );
      }),
    );
  });
});
