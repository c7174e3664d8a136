import { describe, expect, it } from 'vitest';
import { commonestPasswords } from '../../../src/outside/passwords/commonest.ts';
import { HashingBusy, hashingLimits, openPasswords } from '../../../src/outside/passwords/hashing.ts';

describe('Passwords', () => {
  it('are kept as Argon2id, never twice the same, and match however their letters are composed', async () => {
    const passwords = openPasswords();
    const [one, other] = [await passwords.hash('zo\u00eb is here'), await passwords.hash('zo\u00eb is here')];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(other);
    expect(await passwords.matches(one, 'zoe\u0308 is here')).toBe(true);
    expect(await passwords.matches(one, 'zoe is here')).toBe(false);
    expect(await passwords.matches(undefined, 'zoe is here')).toBe(false);
  });

  it('are looked at two at a time, and so many wait, not more', async () => {
    const passwords = openPasswords();
    const all = hashingLimits.atOnce + hashingLimits.waiting;
    const asked = Array.from({ length: all + 5 }, () => passwords.hash('correct horse'));
    const ended = await Promise.allSettled(asked);
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(all);
    expect(ended.flatMap((each) => (each.status === 'rejected' ? [each.reason instanceof HashingBusy] : []))).toEqual(
      Array.from({ length: 5 }, () => true),
    );
    // Those who were turned away take nobody's place.
    expect(await passwords.hash('correct horse')).toContain('argon2id');
  });

  it('are none of those that everybody tries first', () => {
    const isCommon = commonestPasswords();
    expect(['password', 'PassWord1', 'trustno1', 'qwertyuiop'].filter((each) => !isCommon(each))).toEqual([]);
    expect(['correct horse battery staple', '', 'constructor '].filter(isCommon)).toEqual([]);
  });
});
